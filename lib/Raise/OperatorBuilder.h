// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds typed ONNX operators with the types of their results.
#ifndef QEFF_LIB_RAISE_OPERATORBUILDER_H
#define QEFF_LIB_RAISE_OPERATORBUILDER_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/ONNXIR/Transforms/InitializerBuilder.h"

namespace qeff {

/// Builds in front of an operator, in its scope. Operands must be ranked
/// tensors of the ranks that are said.
class OperatorBuilder {
public:
  OperatorBuilder(onnxir::InitializerBuilder &initializers, Operation *before)
      : initializers(initializers), before(before), builder(before),
        scope(before->getAttrOfType<StringAttr>("scope")) {}

  OpBuilder &getBuilder() { return builder; }
  Location getLoc() const { return before->getLoc(); }
  StringAttr getScope() const { return scope; }
  /// The name of the node that is replaced, for the op that stands for it.
  StringAttr getName() const {
    return before->getAttrOfType<StringAttr>("name");
  }
  Value getNone() { return initializers.getNone(); }
  Value getInts(ArrayRef<int64_t> values) {
    return initializers.getInts(values, "axes");
  }
  /// A scalar i64.
  Value getInteger(int64_t value);
  /// A scalar of `type`'s element type, which is a float.
  Value getFloat(double value, Type type);

  /// a + b for `b` that broadcasts to `a`.
  Value add(Value a, Value b);
  Value mul(Value a, Value b);
  /// a < b, of the shape of `like`.
  Value less(Value a, Value b, ArrayRef<int64_t> shape);
  Value logicalAnd(Value a, Value b, ArrayRef<int64_t> shape);
  Value matmul(Value a, Value b, Type type);
  Value transpose(Value x, ArrayRef<int64_t> order);
  /// `x` by ONNX's rules for `target`; `shape` is the result's.
  Value reshape(Value x, ArrayRef<int64_t> target, ArrayRef<int64_t> shape);
  /// Puts axes of size 1 where `axes`, ascending, say.
  Value unsqueeze(Value x, ArrayRef<int64_t> axes);
  Value cast(Value x, Type element);
  /// Rows of `table` by `ids`.
  Value gather(Value table, Value ids);
  /// Index `i` of `axis`, which goes away.
  Value pick(Value x, int64_t axis, int64_t i);
  /// Parts of `sizes` along the last axis.
  SmallVector<Value> split(Value x, ArrayRef<int64_t> sizes);
  /// 0, 1, … up to the size of `axis` of `of`: a vector of i64.
  Value count(Value of, int64_t axis);
  /// `x` as large as `shape`, a vector of i64 of `rank` elements.
  Value expand(Value x, Value shape, ArrayRef<int64_t> type);
  /// Sizes `begin` to `end` of `x`.
  Value shape(Value x, int64_t begin, int64_t end);

private:
  onnxir::InitializerBuilder &initializers;
  Operation *before;
  OpBuilder builder;
  StringAttr scope;
};

/// The type of a value, or null where it is no ranked tensor of floats.
RankedTensorType getFloatTensor(Value value);

/// Whether a value of `type` can stand for `old` everywhere: operators take any
/// type, other users the same.
bool canReplace(Value old, Type type);

/// Whether an optional operand is left out.
inline bool isAbsent(Value value) {
  return isa<mlir::NoneType>(value.getType());
}

} // namespace qeff

#endif // QEFF_LIB_RAISE_OPERATORBUILDER_H
