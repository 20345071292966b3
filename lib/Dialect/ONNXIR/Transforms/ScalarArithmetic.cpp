// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on single elements of tensors, as ONNX defines it.

#include "ScalarArithmetic.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace qeff;
using namespace qeff::onnxir;
using llvm::APFloat;
using llvm::APInt;
using llvm::APSInt;

static constexpr auto kRound = APFloat::rmNearestTiesToEven;

bool onnxir::isUnsigned(Type type) {
  return type.isUnsignedInteger() || type.isInteger(1);
}

static Element makeBool(bool value) {
  return APSInt(APInt(1, value ? 1 : 0), /*isUnsigned=*/true);
}

bool onnxir::isTrue(const Element &value) {
  if (const auto *number = std::get_if<APFloat>(&*value)) {
    return !number->isZero();
  }
  return !std::get<APSInt>(*value).isZero();
}

static Element addFloats(APFloat a, const APFloat &b) {
  a.add(b, kRound);
  return a;
}

static Element computeFloats(StringRef name, APFloat a, const APFloat &b) {
  if (name == "Add") {
    return addFloats(a, b);
  }
  if (name == "Sub") {
    a.subtract(b, kRound);
    return a;
  }
  if (name == "Mul") {
    a.multiply(b, kRound);
    return a;
  }
  if (name == "Div") {
    a.divide(b, kRound);
    return a;
  }
  if (a.isNaN() || b.isNaN()) {
    return std::nullopt;
  }
  if (name == "Max") {
    return a < b ? b : a;
  }
  if (name == "Min") {
    return b < a ? b : a;
  }
  return std::nullopt;
}

static Element computeIntegers(StringRef name, const APSInt &a,
                               const APSInt &b) {
  auto wrap = [&](const APInt &value) {
    return Element(APSInt(value, a.isUnsigned()));
  };
  const APInt &x = a, &y = b;
  if (name == "Add") {
    return wrap(x + y);
  }
  if (name == "Sub") {
    return wrap(x - y);
  }
  if (name == "Mul") {
    return wrap(x * y);
  }
  if (name == "Max") {
    return a < b ? b : a;
  }
  if (name == "Min") {
    return b < a ? b : a;
  }
  bool overflows = a.isSigned() && x.isMinSignedValue() && y.isAllOnes();
  if (name == "Div" && !y.isZero() && !overflows) {
    return wrap(a.isUnsigned() ? x.udiv(y) : x.sdiv(y));
  }
  if (name == "Mod" && !y.isZero() && !overflows) {
    // The sign is the divisor's.
    APInt rest = a.isUnsigned() ? x.urem(y) : x.srem(y);
    bool isOther = a.isSigned() && !rest.isZero() &&
                   rest.isNegative() != y.isNegative();
    return wrap(isOther ? rest + y : rest);
  }
  return std::nullopt;
}

static Element computeComparison(StringRef name, const Element &a,
                                 const Element &b) {
  bool isLess = false, isEqual = false, isGreater = false;
  if (const auto *x = std::get_if<APFloat>(&*a)) {
    APFloat::cmpResult order = x->compare(std::get<APFloat>(*b));
    isLess = order == APFloat::cmpLessThan;
    isEqual = order == APFloat::cmpEqual;
    isGreater = order == APFloat::cmpGreaterThan;
  } else {
    const auto &left = std::get<APSInt>(*a);
    const auto &right = std::get<APSInt>(*b);
    isLess = left < right;
    isEqual = left == right;
    isGreater = right < left;
  }
  return makeBool(llvm::StringSwitch<bool>(name)
                      .Case("Equal", isEqual)
                      .Case("Less", isLess)
                      .Case("LessOrEqual", isLess || isEqual)
                      .Case("Greater", isGreater)
                      .Case("GreaterOrEqual", isGreater || isEqual)
                      .Default(false));
}

Element onnxir::computeBinary(StringRef name, const Element &a,
                             const Element &b) {
  if (a->index() != b->index()) {
    return std::nullopt;
  }
  if (name == "And" || name == "Or" || name == "Xor") {
    bool x = isTrue(a), y = isTrue(b);
    return makeBool(name == "And" ? x && y : name == "Or" ? x || y : x != y);
  }
  if (name == "Equal" || name.starts_with("Less") ||
      name.starts_with("Greater")) {
    return computeComparison(name, a, b);
  }
  if (const auto *x = std::get_if<APFloat>(&*a)) {
    return computeFloats(name, *x, std::get<APFloat>(*b));
  }
  return computeIntegers(name, std::get<APSInt>(*a), std::get<APSInt>(*b));
}

static Element computeSqrt(const APFloat &value) {
  if (&value.getSemantics() == &APFloat::IEEEsingle()) {
    return APFloat(std::sqrt(value.convertToFloat()));
  }
  if (&value.getSemantics() == &APFloat::IEEEdouble()) {
    return APFloat(std::sqrt(value.convertToDouble()));
  }
  return std::nullopt;
}

Element onnxir::computeUnary(StringRef name, const Element &a) {
  if (name == "Not") {
    return makeBool(!isTrue(a));
  }
  if (const auto *x = std::get_if<APSInt>(&*a)) {
    bool negates = name == "Neg" || (name == "Abs" && x->isNegative());
    return name == "Neg" || name == "Abs" ? Element(negates ? -*x : *x)
                                          : Element();
  }
  APFloat x = std::get<APFloat>(*a);
  if (name == "Neg") {
    x.changeSign();
    return x;
  }
  if (name == "Abs") {
    x.clearSign();
    return x;
  }
  if (name == "Floor" || name == "Ceil") {
    x.roundToIntegral(name == "Floor" ? APFloat::rmTowardNegative
                                      : APFloat::rmTowardPositive);
    return x;
  }
  if (name == "Reciprocal") {
    APFloat one(x.getSemantics(), 1);
    one.divide(x, kRound);
    return one;
  }
  return name == "Sqrt" ? computeSqrt(x) : std::nullopt;
}

Element onnxir::convert(const Element &value, Type type) {
  if (type.isInteger(1)) {
    return makeBool(isTrue(value));
  }
  bool loses = false;
  if (auto to = dyn_cast<FloatType>(type)) {
    if (const auto *number = std::get_if<APFloat>(&*value)) {
      APFloat result = *number;
      (void)result.convert(to.getFloatSemantics(), kRound, &loses);
      return result;
    }
    const auto &number = std::get<APSInt>(*value);
    APFloat result(to.getFloatSemantics());
    (void)result.convertFromAPInt(number, number.isSigned(), kRound);
    return result;
  }
  auto to = cast<IntegerType>(type);
  APSInt result(to.getWidth(), isUnsigned(type));
  if (const auto *number = std::get_if<APFloat>(&*value)) {
    APFloat::opStatus status =
        number->convertToInteger(result, APFloat::rmTowardZero, &loses);
    return (status & APFloat::opInvalidOp) != 0 ? Element() : Element(result);
  }
  const auto &number = std::get<APSInt>(*value);
  result = APSInt(number.extOrTrunc(to.getWidth()), isUnsigned(type));
  return APSInt::isSameValue(result, number) ? Element(result) : Element();
}
