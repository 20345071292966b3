// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalar arithmetic by ONNX's rules.

#include "Scalars.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace arith = mlir::arith;
namespace math = mlir::math;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

Element onnxir::getElement(Type elementType) {
  bool isUnsigned =
      elementType.isUnsignedInteger() || elementType.isInteger(1);
  if (elementType.isUnsignedInteger() || elementType.isSignedInteger()) {
    elementType = IntegerType::get(elementType.getContext(),
                                   elementType.getIntOrFloatBitWidth());
  }
  return {elementType, isUnsigned};
}

Element onnxir::getComputeElement(Element element) {
  if (element.isFloat() && element.type.getIntOrFloatBitWidth() < 32) {
    return {mlir::Float32Type::get(element.type.getContext()), false};
  }
  return element;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value Scalars::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value Scalars::constant(Type type, double value) {
  if (isa<FloatType>(type)) {
    return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
  }
  return integer(type, static_cast<int64_t>(value));
}

Value Scalars::integer(Type type, int64_t value) {
  if (isa<FloatType>(type)) {
    return constant(type, static_cast<double>(value));
  }
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value Scalars::boolean(bool value) { return integer(b.getI1Type(), value); }

Value Scalars::lowest(Element element) {
  if (auto type = dyn_cast<FloatType>(element.type)) {
    return constant(type, -std::numeric_limits<double>::infinity());
  }
  unsigned width = element.type.getIntOrFloatBitWidth();
  llvm::APInt value = element.isUnsigned
                          ? llvm::APInt::getMinValue(width)
                          : llvm::APInt::getSignedMinValue(width);
  return arith::ConstantOp::create(b, b.getIntegerAttr(element.type, value));
}

Value Scalars::highest(Element element) {
  if (auto type = dyn_cast<FloatType>(element.type)) {
    return constant(type, std::numeric_limits<double>::infinity());
  }
  unsigned width = element.type.getIntOrFloatBitWidth();
  llvm::APInt value = element.isUnsigned
                          ? llvm::APInt::getMaxValue(width)
                          : llvm::APInt::getSignedMaxValue(width);
  return arith::ConstantOp::create(b, b.getIntegerAttr(element.type, value));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

Value Scalars::add(Value a, Value c) {
  return isFloat(a) ? arith::AddFOp::create(b, a, c).getResult()
                    : arith::AddIOp::create(b, a, c).getResult();
}

Value Scalars::sub(Value a, Value c) {
  return isFloat(a) ? arith::SubFOp::create(b, a, c).getResult()
                    : arith::SubIOp::create(b, a, c).getResult();
}

Value Scalars::mul(Value a, Value c) {
  return isFloat(a) ? arith::MulFOp::create(b, a, c).getResult()
                    : arith::MulIOp::create(b, a, c).getResult();
}

Value Scalars::div(Value a, Value c, bool isUnsigned) {
  if (isFloat(a)) {
    return arith::DivFOp::create(b, a, c);
  }
  Type type = a.getType();
  Value zero = integer(type, 0);
  Value isZero = compare(Compare::Equal, c, zero, isUnsigned);
  if (isUnsigned) {
    Value safe = select(isZero, integer(type, 1), c);
    return select(isZero, zero, arith::DivUIOp::create(b, a, safe));
  }
  // The one quotient that overflows is a negation that wraps.
  Value isMinusOne = compare(Compare::Equal, c, integer(type, -1), false);
  Value safe = select(logicalOr(isZero, isMinusOne), integer(type, 1), c);
  Value quotient = arith::DivSIOp::create(b, a, safe);
  return select(isZero, zero, select(isMinusOne, sub(zero, a), quotient));
}

Value Scalars::rem(Value a, Value c, bool isUnsigned) {
  return sub(a, mul(div(a, c, isUnsigned), c));
}

Value Scalars::max(Value a, Value c, bool isUnsigned) {
  if (isFloat(a)) {
    return arith::MaximumFOp::create(b, a, c);
  }
  return isUnsigned ? arith::MaxUIOp::create(b, a, c).getResult()
                    : arith::MaxSIOp::create(b, a, c).getResult();
}

Value Scalars::min(Value a, Value c, bool isUnsigned) {
  if (isFloat(a)) {
    return arith::MinimumFOp::create(b, a, c);
  }
  return isUnsigned ? arith::MinUIOp::create(b, a, c).getResult()
                    : arith::MinSIOp::create(b, a, c).getResult();
}

Value Scalars::neg(Value a) {
  return isFloat(a) ? arith::NegFOp::create(b, a).getResult()
                    : sub(integer(a.getType(), 0), a);
}

Value Scalars::abs(Value a, bool isUnsigned) {
  if (isFloat(a)) {
    return math::AbsFOp::create(b, a);
  }
  return isUnsigned ? a : max(a, neg(a), false);
}

Value Scalars::compare(Compare kind, Value a, Value c, bool isUnsigned) {
  if (isFloat(a)) {
    static constexpr CmpFPredicate floats[] = {
        CmpFPredicate::OEQ, CmpFPredicate::UNE, CmpFPredicate::OLT,
        CmpFPredicate::OLE, CmpFPredicate::OGT, CmpFPredicate::OGE};
    return arith::CmpFOp::create(b, floats[static_cast<int>(kind)], a, c);
  }
  static constexpr CmpIPredicate signedOnes[] = {
      CmpIPredicate::eq,  CmpIPredicate::ne,  CmpIPredicate::slt,
      CmpIPredicate::sle, CmpIPredicate::sgt, CmpIPredicate::sge};
  static constexpr CmpIPredicate unsignedOnes[] = {
      CmpIPredicate::eq,  CmpIPredicate::ne,  CmpIPredicate::ult,
      CmpIPredicate::ule, CmpIPredicate::ugt, CmpIPredicate::uge};
  auto predicate = (isUnsigned ? unsignedOnes
                               : signedOnes)[static_cast<int>(kind)];
  return arith::CmpIOp::create(b, predicate, a, c);
}

Value Scalars::isNaN(Value a) {
  return arith::CmpFOp::create(b, CmpFPredicate::UNO, a, a);
}

Value Scalars::select(Value condition, Value a, Value c) {
  return arith::SelectOp::create(b, condition, a, c);
}

Value Scalars::logicalAnd(Value a, Value c) {
  return arith::AndIOp::create(b, a, c);
}

Value Scalars::logicalOr(Value a, Value c) {
  return arith::OrIOp::create(b, a, c);
}

Value Scalars::logicalNot(Value a) {
  return arith::XOrIOp::create(b, a, integer(a.getType(), -1));
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

Value Scalars::narrow(Value value, Type type) {
  Type from = value.getType();
  if (from == type || !isa<FloatType>(from) || !isa<FloatType>(type)) {
    return value;
  }
  unsigned fromWidth = from.getIntOrFloatBitWidth();
  unsigned toWidth = type.getIntOrFloatBitWidth();
  if (fromWidth == toWidth) { // f16 and bf16
    return narrow(narrow(value, b.getF32Type()), type);
  }
  return fromWidth < toWidth
             ? arith::ExtFOp::create(b, type, value).getResult()
             : arith::TruncFOp::create(b, type, value).getResult();
}

Value Scalars::widen(Value value) {
  auto type = dyn_cast<FloatType>(value.getType());
  return type && type.getWidth() < 32 ? narrow(value, b.getF32Type()) : value;
}

/// Integer to integer: wraps, or extends by the sign of `from`.
static Value convertInteger(ImplicitLocOpBuilder &b, Value value, Element from,
                            Type to) {
  unsigned fromWidth = from.type.getIntOrFloatBitWidth();
  unsigned toWidth = to.getIntOrFloatBitWidth();
  if (fromWidth == toWidth) {
    return value;
  }
  if (fromWidth > toWidth) {
    return arith::TruncIOp::create(b, to, value);
  }
  return from.isUnsigned ? arith::ExtUIOp::create(b, to, value).getResult()
                         : arith::ExtSIOp::create(b, to, value).getResult();
}

Value Scalars::convert(Value value, Element from, Element to) {
  if (from.isFloat() && to.isFloat()) {
    return narrow(value, to.type);
  }
  if (to.isBool()) {
    Value wide = widen(value);
    return compare(Compare::NotEqual, wide, constant(wide.getType(), 0),
                   from.isUnsigned);
  }
  if (!from.isFloat() && !to.isFloat()) {
    return convertInteger(b, value, from, to.type);
  }
  if (to.isFloat()) {
    Type compute = getComputeElement(to).type;
    Value number =
        from.isUnsigned ? arith::UIToFPOp::create(b, compute, value).getResult()
                        : arith::SIToFPOp::create(b, compute, value)
                              .getResult();
    return narrow(number, to.type);
  }
  // What 64 bits do not hold becomes 0.
  Value wide = widen(value);
  Type type = wide.getType();
  bool isU64 = to.isUnsigned && to.type.isInteger(64);
  Value low = constant(type, isU64 ? -1 : -9223372036854775808.0);
  Value high = constant(type, isU64 ? 18446744073709551616.0
                                    : 9223372036854775808.0);
  Value fits = logicalAnd(
      compare(isU64 ? Compare::Greater : Compare::GreaterEqual, wide, low,
              false),
      compare(Compare::Less, wide, high, false));
  Value safe = select(fits, wide, constant(type, 0));
  Type i64 = b.getI64Type();
  Value number = isU64 ? arith::FPToUIOp::create(b, i64, safe).getResult()
                       : arith::FPToSIOp::create(b, i64, safe).getResult();
  return convertInteger(b, number, {i64, isU64}, to.type);
}

Value Scalars::toIndex(Value value, bool isUnsigned) {
  if (value.getType().isIndex()) {
    return value;
  }
  return isUnsigned
             ? arith::IndexCastUIOp::create(b, b.getIndexType(), value)
                   .getResult()
             : arith::IndexCastOp::create(b, b.getIndexType(), value)
                   .getResult();
}

Value Scalars::fromIndex(Value value, Type type) {
  return arith::IndexCastOp::create(b, type, value);
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

Value Scalars::addIndex(Value a, Value c) {
  return arith::AddIOp::create(b, a, c);
}
Value Scalars::addIndex(Value a, int64_t c) {
  return c == 0 ? a : addIndex(a, index(c));
}
Value Scalars::subIndex(Value a, Value c) {
  return arith::SubIOp::create(b, a, c);
}
Value Scalars::mulIndex(Value a, int64_t c) {
  return c == 1 ? a : mulIndex(a, index(c));
}
Value Scalars::mulIndex(Value a, Value c) {
  return arith::MulIOp::create(b, a, c);
}

Value Scalars::clamp(Value value, int64_t low, int64_t high) {
  return arith::MaxSIOp::create(
      b, arith::MinSIOp::create(b, value, index(high)), index(low));
}

Value Scalars::wrap(Value value, int64_t size) {
  Value isNegative = indexLess(value, index(0));
  return clamp(select(isNegative, addIndex(value, size), value), 0,
               std::max<int64_t>(size - 1, 0));
}

Value Scalars::indexLess(Value a, Value c) {
  return arith::CmpIOp::create(b, CmpIPredicate::slt, a, c);
}

Value Scalars::inBounds(Value value, int64_t size) {
  return arith::CmpIOp::create(b, CmpIPredicate::ult, value, index(size));
}
