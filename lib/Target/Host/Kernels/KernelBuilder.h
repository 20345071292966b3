// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the body of one kernel: short names for the ops that kernels are made
// of, loops, and the pieces of arithmetic that depend on the target.
#ifndef QEFF_LIB_TARGET_HOST_KERNELS_KERNELBUILDER_H
#define QEFF_LIB_TARGET_HOST_KERNELS_KERNELBUILDER_H

#include "qeff/Target/Host/Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/Support/FormatVariadic.h"

namespace qeff::host {

/// The lowest f32: finite, so that no difference of two is NaN.
inline constexpr double kLowest = -3.4028234663852886e38;

/// A run of `width` elements that starts at `offset`; `width` is a power of 2.
struct Chunk {
  int64_t offset;
  int64_t width;
};

/// Covers [0, count) by chunks of at most `lanes` elements: full vectors, then
/// ever smaller ones.
SmallVector<Chunk> getChunks(int64_t count, int64_t lanes);

/// `value` as a part of a symbol's name: exact, letters and digits only.
std::string getNumberName(double value);

/// The memref of a cache [batch, groups, slots, dim] in `layout`.
mlir::MemRefType getCacheType(MLIRContext *context, StateLayout layout,
                              int64_t batch, int64_t groups, int64_t slots,
                              int64_t dim);

class KernelBuilder : public ImplicitLocOpBuilder {
public:
  using LoopBody = llvm::function_ref<void(Value)>;
  /// Gets the induction variable and the carried values, returns the next ones.
  using CarryBody =
      llvm::function_ref<SmallVector<Value>(Value, ValueRange)>;

  KernelBuilder(mlir::func::FuncOp function, const KernelTarget &target);

  const KernelTarget &getTarget() const { return target; }
  int64_t getLanes() const { return target.getLanes(); }

  /// Operand `i` of the kernel.
  Value arg(unsigned i) { return function.getArgument(i); }
  Value begin() { return function.getArgument(function.getNumArguments() - 2); }
  Value end() { return function.getArgument(function.getNumArguments() - 1); }

  // Types.
  mlir::VectorType vec(int64_t width);
  mlir::VectorType vecI32(int64_t width);

  // Constants.
  Value index(int64_t value);
  Value i64(int64_t value);
  Value f32(double value);
  Value splat(int64_t width, double value);
  Value splatI32(int64_t width, int32_t value);

  // Index and i64 arithmetic.
  Value addIndex(Value a, Value b);
  Value addIndex(Value a, int64_t b);
  Value mulIndex(Value a, int64_t b);
  Value mulIndex(Value a, Value b);
  Value divIndex(Value a, int64_t b);
  Value remIndex(Value a, int64_t b);
  Value minIndex(Value a, Value b);
  Value toIndex(Value i64Value);
  /// The i64 clamped to [0, high], as an index.
  Value clampToIndex(Value i64Value, int64_t high);

  // Float arithmetic on scalars or vectors.
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b);
  Value neg(Value a);
  Value sqrt(Value a);
  /// a·b + c: fused where the target has it, else two roundings. Vectors only.
  Value fma(Value a, Value b, Value c);
  Value fma(Value a, double b, Value c);
  Value fma(Value a, Value b, double c);
  Value select(Value condition, Value a, Value b);
  Value compare(mlir::arith::CmpFPredicate predicate, Value a, Value b);
  Value compare(mlir::arith::CmpIPredicate predicate, Value a, Value b);
  /// e^x on f32 vectors, within 1 ulp: 0 below −87.33 (no denormals), infinity
  /// where it overflows.
  Value exp(Value x);
  /// tanh on f32 vectors; the relative error is below 5e-7.
  Value tanh(Value x);
  /// Sum or maximum of the lanes, in a fixed tree.
  Value reduceAdd(Value v);
  Value reduceMax(Value v);
  /// p(x) with coefficients in ascending order, by Horner's rule.
  Value polynomial(Value x, ArrayRef<double> coefficients);

  // Vectors and memory.
  Value broadcast(Value scalar, int64_t width);
  Value loadScalar(Value memref, ValueRange indices);
  void storeScalar(Value scalar, Value memref, ValueRange indices);
  /// `width` f32 starting at `indices`; elements of f16 or bf16 memrefs are
  /// converted.
  Value load(Value memref, ValueRange indices, int64_t width);
  void store(Value vector, Value memref, ValueRange indices);
  /// The f32 value of a loaded f16 or bf16 vector or scalar.
  Value extend(Value narrow);
  /// Lanes [offset, offset + width).
  Value extract(Value vector, int64_t offset, int64_t width);
  Value extractScalar(Value vector, int64_t lane);
  /// A buffer on the stack, 64-byte aligned.
  Value allocate(ArrayRef<int64_t> shape, Type elementType);

  // Control flow.
  void loop(Value lower, Value upper, int64_t step, LoopBody body);
  SmallVector<Value> loop(Value lower, Value upper, int64_t step,
                          ValueRange inits, CarryBody body);
  /// The tiles of this call.
  void forEachTile(LoopBody body) { loop(begin(), end(), 1, body); }
  void ifThen(Value condition, llvm::function_ref<void()> thenBody,
              llvm::function_ref<void()> elseBody = nullptr);
  /// Full vectors of [0, count) in a loop, the rest after it. `body` gets the
  /// offset and the width.
  void forEachChunk(int64_t count,
                    llvm::function_ref<void(Value, int64_t)> body);

private:
  Value extendF16ByBits(Value narrow);

  mlir::func::FuncOp function;
  KernelTarget target;
};

} // namespace qeff::host

#endif // QEFF_LIB_TARGET_HOST_KERNELS_KERNELBUILDER_H
