// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on scalars of ONNX's element types. Floats narrower than f32 are
// computed in f32.
#ifndef QEFF_LIB_CONVERSION_ONNXIRTOLINALG_SCALARS_H
#define QEFF_LIB_CONVERSION_ONNXIRTOLINALG_SCALARS_H

#include "qeff/Support/LLVM.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace qeff::onnxir {

/// An element type as the host sees it: signless, and how to read the sign.
struct Element {
  Type type;
  bool isUnsigned = false;

  bool isFloat() const { return isa<FloatType>(type); }
  bool isBool() const { return type.isInteger(1); }
};

/// The element of a type by ONNX: unsigned where the type or bool says so.
Element getElement(Type elementType);

/// What `element` is computed in: f32 for narrower floats, else itself.
Element getComputeElement(Element element);

enum class Compare { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

class Scalars {
public:
  explicit Scalars(ImplicitLocOpBuilder &builder) : b(builder) {}

  // Constants.
  Value index(int64_t value);
  Value constant(Type type, double value);
  Value integer(Type type, int64_t value);
  Value boolean(bool value);
  /// The least and largest value of an element; infinities of a float.
  Value lowest(Element element);
  Value highest(Element element);

  // Both operands are of type `a.getType()`.
  Value add(Value a, Value c);
  Value sub(Value a, Value c);
  Value mul(Value a, Value c);
  /// Integer division truncates; by zero it gives 0.
  Value div(Value a, Value c, bool isUnsigned);
  Value rem(Value a, Value c, bool isUnsigned);
  /// NaN wins.
  Value max(Value a, Value c, bool isUnsigned);
  Value min(Value a, Value c, bool isUnsigned);
  Value neg(Value a);
  Value abs(Value a, bool isUnsigned);
  Value compare(Compare kind, Value a, Value c, bool isUnsigned);
  Value isNaN(Value a);
  Value select(Value condition, Value a, Value c);
  Value logicalAnd(Value a, Value c);
  Value logicalOr(Value a, Value c);
  Value logicalNot(Value a);

  // Conversions.
  Value convert(Value value, Element from, Element to);
  /// f32 of a narrower float, else `value`.
  Value widen(Value value);
  /// `value` as the float `type`, where it is another float.
  Value narrow(Value value, Type type);
  Value toIndex(Value value, bool isUnsigned);
  Value fromIndex(Value value, Type type);

  // Indices.
  Value addIndex(Value a, Value c);
  Value addIndex(Value a, int64_t c);
  Value subIndex(Value a, Value c);
  Value mulIndex(Value a, int64_t c);
  Value mulIndex(Value a, Value c);
  Value clamp(Value index, int64_t low, int64_t high);
  /// A negative index counts from `size`; then it is clamped to [0, size).
  Value wrap(Value index, int64_t size);
  Value indexLess(Value a, Value c);
  /// 0 <= index < size.
  Value inBounds(Value index, int64_t size);

private:
  ImplicitLocOpBuilder &b;
};

} // namespace qeff::onnxir

#endif // QEFF_LIB_CONVERSION_ONNXIRTOLINALG_SCALARS_H
