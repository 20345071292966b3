// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds linalg ops over tensors of any sizes, also dynamic ones. Floats are
// computed in f32, whatever a tensor holds.
#ifndef QEFF_LIB_CONVERSION_QEFFTOLINALG_LOOPBUILDER_H
#define QEFF_LIB_CONVERSION_QEFFTOLINALG_LOOPBUILDER_H

#include "../ONNXIRToLinalg/Scalars.h"

namespace qeff {

/// In `Read::loops`: an axis of size 1 that no loop runs over.
inline constexpr int64_t kBroadcast = -1;

/// A tensor that a loop nest reads, with the loop that runs over each axis.
struct Read {
  Value tensor;
  SmallVector<int64_t> loops;
};

class LoopBuilder {
public:
  using MapFn = llvm::function_ref<Value(ValueRange)>;
  /// From the value so far and the elements read to the next value.
  using FoldFn = llvm::function_ref<Value(Value, ValueRange)>;

  LoopBuilder(OpBuilder &builder, Location loc) : b(loc, builder), s(b) {}

  ImplicitLocOpBuilder b;
  onnxir::Scalars s;

  // Sizes.
  OpFoldResult size(Value tensor, int64_t axis);
  SmallVector<OpFoldResult> sizes(Value tensor);
  OpFoldResult size(int64_t value) { return b.getIndexAttr(value); }
  /// A size as an index value, and as f32.
  Value indexOf(OpFoldResult size);
  Value floatOf(OpFoldResult size);

  // Scalars, inside and outside of a body.
  Value f32(double value) { return s.constant(b.getF32Type(), value); }
  Value i64(int64_t value) { return s.integer(b.getI64Type(), value); }
  /// The index of the loop `axis`, in a body.
  Value loop(int64_t axis);
  /// The loop's index as i64.
  Value loopNumber(int64_t axis);
  Value toFloat(Value integer);
  /// An element of `tensor`, a float as f32.
  Value extract(Value tensor, ValueRange indices);

  // Tensors.
  Value empty(ArrayRef<OpFoldResult> sizes, Type element);
  /// A tensor of `sizes` whose elements `body` computes from those read; loop i
  /// is the result's axis i.
  Value map(ArrayRef<Read> reads, ArrayRef<OpFoldResult> sizes, Type element,
            MapFn body);
  /// As `map`, with `reduced` more loops behind, over which `body` goes on from
  /// `init`, whose type the result has.
  Value fold(ArrayRef<Read> reads, ArrayRef<OpFoldResult> sizes,
             int64_t reduced, Value init, FoldFn body);
  /// Sums of products in f32: `fold` of a·b.
  Value contract(Read a, Read c, ArrayRef<OpFoldResult> sizes);
  /// As `map` over all axes of `input`, element by element.
  Value mapElements(Value input, Type element,
                    llvm::function_ref<Value(Value)> body);
  /// `input` with floats of type `element`.
  Value convert(Value input, Type element);

  Value transpose(Value input, ArrayRef<int64_t> permutation);
  /// A static `input` in row-major order with another static shape.
  Value reshape(Value input, ArrayRef<int64_t> shape);
  /// Axis `axis` as two of sizes `outer` (static) and the rest.
  Value splitAxis(Value input, int64_t axis, int64_t outer);
  /// Axes `axis` and `axis` + 1 as one.
  Value mergeAxes(Value input, int64_t axis);
  /// From `offsets` on, with `strides` (empty means 1).
  Value slice(Value input, ArrayRef<int64_t> offsets,
              ArrayRef<OpFoldResult> sizes, ArrayRef<int64_t> strides = {});
  Value insertSlice(Value source, Value into, ArrayRef<int64_t> offsets,
                    ArrayRef<int64_t> strides = {});
};

/// 0, 1, …, rank − 1.
SmallVector<int64_t> allLoops(int64_t rank);
int64_t getRank(Value tensor);
Type getElementType(Value tensor);

} // namespace qeff

#endif // QEFF_LIB_CONVERSION_QEFFTOLINALG_LOOPBUILDER_H
