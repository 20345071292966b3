// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the lowering of one operator: tensors from loops over scalars.
#ifndef QEFF_LIB_CONVERSION_ONNXIRTOLINALG_LOWERING_H
#define QEFF_LIB_CONVERSION_ONNXIRTOLINALG_LOWERING_H

#include "Operator.h"
#include "Scalars.h"

#include "llvm/ADT/StringMap.h"

namespace qeff::onnxir {

using Results = FailureOr<SmallVector<Value>>;

/// One operator while it is lowered. Tensors are static and signless.
class Lowering {
public:
  using ElementFn = llvm::function_ref<Value(ValueRange)>;
  using CombineFn = llvm::function_ref<Value(Value, Value)>;

  Lowering(OpBuilder &builder, Operator op, ValueRange operands,
           std::string &reason)
      : b(op.getOperation()->getLoc(), builder), s(b), op(op),
        operands(operands), reason(reason) {}

  ImplicitLocOpBuilder b;
  Scalars s;
  const Operator op;

  /// Fails with the reason `text`.
  LogicalResult fail(const Twine &text);
  /// Whether something failed, also where a value went on.
  bool hasFailed() const { return !reason.empty(); }

  // Operands and results.
  bool has(size_t index) const { return bool(op.getOperand(index)); }
  Value get(size_t index) const { return operands[index]; }
  size_t getNumOperands() const { return operands.size(); }
  Element element(size_t index) const {
    return getElement(op.getType(index).getElementType());
  }
  Element resultElement(size_t index = 0) const {
    return getElement(op.getResultType(index).getElementType());
  }
  /// The type of result `index` as it is computed.
  RankedTensorType resultType(size_t index = 0) const;
  ArrayRef<int64_t> shape(size_t index) const {
    return op.getType(index).getShape();
  }
  ArrayRef<int64_t> resultShape(size_t index = 0) const {
    return op.getResultType(index).getShape();
  }

  /// Fails with a reason where result `index` has another shape. What reads
  /// elements at computed places relies on it.
  LogicalResult expectShape(ArrayRef<int64_t> expected, size_t index = 0);

  /// `axis` in [0, rank), or failure with a reason.
  FailureOr<int64_t> getAxis(int64_t axis, int64_t rank);
  /// An integer attribute that is an axis of operand 0.
  FailureOr<int64_t> getAxis(StringRef name, int64_t otherwise);

  /// Integer element `at` of operand `index` as an index value: a constant
  /// where the operand is one.
  Value readIndex(size_t index, int64_t at);
  /// The only element of operand `index`.
  Value readScalar(size_t index);

  // Tensors.
  Value empty(ArrayRef<int64_t> shape, Type type);
  Value filled(ArrayRef<int64_t> shape, Value scalar);
  /// The element of `tensor` at `indices`.
  Value extract(Value tensor, ValueRange indices);
  /// `tensor` in row-major order with another shape.
  Value reshape(Value tensor, ArrayRef<int64_t> shape);

  /// A tensor of `type` whose elements `body` computes from those of `inputs`,
  /// broadcast as NumPy does. Floats come and go widened. Inputs that do not
  /// broadcast to the type are a failure.
  Value map(ValueRange inputs, RankedTensorType type, ElementFn body);
  /// A tensor of `type` whose elements `body` computes from their indices. A
  /// float may be wider than the type's.
  Value generate(RankedTensorType type, ElementFn body);
  /// Combines the elements of `input` along `axes` (sorted), in order, from
  /// `init` on. The result lacks these axes and has the type of `init`.
  /// Elements are widened first, and then given to `transform` if there is one.
  Value reduce(Value input, ArrayRef<int64_t> axes, Value init,
               CombineFn combine,
               llvm::function_ref<Value(Value)> transform = nullptr);
  /// Sums body(indices) of float or integer type over `reduced` iterations that
  /// come after those of `type`; floats are added in the type of `init`.
  Value accumulate(RankedTensorType type, ArrayRef<int64_t> reduced, Value init,
                   ElementFn body, CombineFn combine);
  /// Runs `body` for each point of `bounds` in row-major order; it gets the
  /// indices and the current tensors, and returns the next ones.
  SmallVector<Value>
  loop(ValueRange inits, ArrayRef<int64_t> bounds,
       llvm::function_ref<SmallVector<Value>(ValueRange, ValueRange)> body);
  Value insert(Value scalar, Value tensor, ValueRange indices);

private:
  ValueRange operands;
  std::string &reason;
};

/// round(scaled) + point, clamped to the range of the integer `element`.
Value quantize(Lowering &l, Value scaled, Value point, Element element);
/// `sums` i32, times the product of the scales `factors` over that of operand
/// `output`, quantized with the zero point behind that operand.
Results requantize(Lowering &l, Value sums, ArrayRef<size_t> factors,
                   size_t output);

using LoweringFn = Results (*)(Lowering &);
/// Operator names to lowerings.
using LoweringTable = llvm::StringMap<LoweringFn>;

// Each adds the lowerings of its file.
void addElementwise(LoweringTable &table);
void addActivations(LoweringTable &table);
void addLogic(LoweringTable &table);
void addReductions(LoweringTable &table);
void addProducts(LoweringTable &table);
void addShapes(LoweringTable &table);
void addSlices(LoweringTable &table);
void addGathers(LoweringTable &table);
void addScatters(LoweringTable &table);
void addGenerators(LoweringTable &table);
void addNormalizations(LoweringTable &table);
void addWindows(LoweringTable &table);
void addOrder(LoweringTable &table);
void addQuantization(LoweringTable &table);

inline SmallVector<Value> one(Value value) { return {value}; }

} // namespace qeff::onnxir

#endif // QEFF_LIB_CONVERSION_ONNXIRTOLINALG_LOWERING_H
