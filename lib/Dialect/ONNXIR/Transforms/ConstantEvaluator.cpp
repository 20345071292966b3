// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes operators on small constants exactly as ONNX defines them.

#include "ConstantEvaluator.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"

#include "llvm/ADT/APSInt.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <variant>

using namespace qeff;
using namespace qeff::onnxir;
using llvm::APFloat;
using llvm::APInt;
using llvm::APSInt;

static constexpr auto kRound = APFloat::rmNearestTiesToEven;

/// An element: an integer, a truth value or a float. Nothing: not computed.
using Element = std::optional<std::variant<APSInt, APFloat>>;
using Elements = ArrayRef<Element>;
using ElementFn = llvm::function_ref<Element(Elements)>;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static bool isUnsigned(Type type) {
  return type.isUnsignedInteger() || type.isInteger(1);
}

/// Whether elements of `type` can be computed with: floats of 16 bits and more,
/// integers.
static bool isComputable(Type type) {
  return isa<IntegerType>(type) || type.isF16() || type.isBF16() ||
         type.isF32() || type.isF64();
}

static SmallVector<Element> getElements(DenseElementsAttr value) {
  SmallVector<Element> result;
  Type type = value.getElementType();
  if (isa<FloatType>(type)) {
    for (const APFloat &number : value.getValues<APFloat>()) {
      result.emplace_back(number);
    }
    return result;
  }
  for (const APInt &number : value.getValues<APInt>()) {
    result.emplace_back(APSInt(number, isUnsigned(type)));
  }
  return result;
}

/// Dense elements of `type`, or null where one is not known.
static DenseElementsAttr makeElements(RankedTensorType type, Elements values) {
  SmallVector<APFloat> floats;
  SmallVector<APInt> integers;
  for (const Element &value : values) {
    if (!value) {
      return {};
    }
    if (const auto *number = std::get_if<APFloat>(&*value)) {
      floats.push_back(*number);
    } else {
      integers.push_back(std::get<APSInt>(*value));
    }
  }
  if (isa<FloatType>(type.getElementType())) {
    return integers.empty() ? DenseElementsAttr::get(type, floats)
                            : DenseElementsAttr();
  }
  return floats.empty() ? DenseElementsAttr::get(type, integers)
                        : DenseElementsAttr();
}

static Element makeBool(bool value) {
  return APSInt(APInt(1, value ? 1 : 0), /*isUnsigned=*/true);
}

static bool isTrue(const Element &value) {
  if (const auto *number = std::get_if<APFloat>(&*value)) {
    return !number->isZero();
  }
  return !std::get<APSInt>(*value).isZero();
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

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

static Element computeBinary(StringRef name, const Element &a,
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

static Element computeUnary(StringRef name, const Element &a) {
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

/// `value` as an element of `type`; numbers out of range are not converted.
static Element convert(const Element &value, Type type) {
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

//===----------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------===//

/// The shape that the operands broadcast to, or nothing.
static std::optional<SmallVector<int64_t>>
broadcast(ArrayRef<DenseElementsAttr> operands) {
  SmallVector<int64_t> shape;
  for (DenseElementsAttr operand : operands) {
    ArrayRef<int64_t> next = operand.getType().getShape();
    while (shape.size() < next.size()) {
      shape.insert(shape.begin(), 1);
    }
    for (size_t i = 0; i < next.size(); ++i) {
      int64_t &size = shape[shape.size() - next.size() + i];
      if (size != next[i] && size != 1 && next[i] != 1) {
        return std::nullopt;
      }
      size = size == 1 ? next[i] : size;
    }
  }
  return shape;
}

static std::optional<int64_t> countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0 || llvm::MulOverflow(count, size, count) ||
        count > kMaxFoldedElements) {
      return std::nullopt;
    }
  }
  return count;
}

/// Where element `index` of a result of `shape` is in an operand of `from`.
static int64_t getSource(int64_t index, ArrayRef<int64_t> shape,
                         ArrayRef<int64_t> from) {
  int64_t source = 0, stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t size = shape[shape.size() - 1 - i];
    int64_t at = index % size;
    index /= size;
    if (i < from.size()) {
      int64_t own = from[from.size() - 1 - i];
      source += own == 1 ? 0 : at * stride;
      stride *= own;
    }
  }
  return source;
}

/// Applies `fn` to the elements of the operands.
static DenseElementsAttr map(Type elementType,
                             ArrayRef<DenseElementsAttr> operands,
                             ElementFn fn) {
  std::optional<SmallVector<int64_t>> shape = broadcast(operands);
  std::optional<int64_t> count = shape ? countElements(*shape) : std::nullopt;
  if (!count) {
    return {};
  }
  SmallVector<SmallVector<Element>> values;
  for (DenseElementsAttr operand : operands) {
    values.push_back(getElements(operand));
  }
  SmallVector<Element> result, arguments(operands.size());
  for (int64_t i = 0; i < *count; ++i) {
    for (size_t k = 0; k < operands.size(); ++k) {
      arguments[k] =
          values[k][getSource(i, *shape, operands[k].getType().getShape())];
    }
    result.push_back(fn(arguments));
    if (!result.back()) {
      return {};
    }
  }
  return makeElements(RankedTensorType::get(*shape, elementType), result);
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

static DenseElementsAttr evaluateCast(CastOp op, DenseElementsAttr value) {
  Type to = getElementType(op->getContext(), op.getTo());
  if (!to || !isComputable(to)) {
    return {};
  }
  return map(to, {value}, [&](Elements e) { return convert(e[0], to); });
}

/// The integers of `value`, or nothing.
static std::optional<SmallVector<int64_t>> getIntegers(DenseElementsAttr value) {
  if (!value || !value.getElementType().isInteger(64)) {
    return std::nullopt;
  }
  return llvm::to_vector(value.getValues<int64_t>());
}

static DenseElementsAttr evaluateExpand(DenseElementsAttr value,
                                        DenseElementsAttr target) {
  std::optional<SmallVector<int64_t>> shape = getIntegers(target);
  if (!shape || !countElements(*shape)) {
    return {};
  }
  auto ones = DenseElementsAttr::get(
      RankedTensorType::get(*shape, IntegerType::get(value.getContext(), 1)),
      false);
  return map(value.getElementType(), {value, ones},
             [](Elements e) { return e[0]; });
}

/// Squeeze, Unsqueeze, Reshape and Flatten of constants: `shape` is the
/// result's.
static DenseElementsAttr reshape(OperatorOpInterface op,
                                 DenseElementsAttr value) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape() ||
      type.getNumElements() != value.getNumElements()) {
    return {};
  }
  return value.reshape(
      RankedTensorType::get(type.getShape(), value.getElementType()));
}

DenseElementsAttr onnxir::evaluate(OperatorOpInterface op,
                                   ArrayRef<DenseElementsAttr> operands) {
  if (operands.empty() || !op.getDomain().empty() ||
      op->getNumResults() != 1 || !operands[0]) {
    return {};
  }
  for (DenseElementsAttr operand : operands) {
    if (operand && (!isComputable(operand.getElementType()) ||
                    operand.getNumElements() > kMaxFoldedElements)) {
      return {};
    }
  }
  StringRef name = op.getOperatorName();
  if (isa<ReshapeOp, SqueezeOp, UnsqueezeOp, FlattenOp>(op)) {
    return reshape(op, operands[0]);
  }
  if (llvm::is_contained(operands, DenseElementsAttr())) {
    return {};
  }
  if (auto cast = dyn_cast<CastOp>(*op)) {
    return evaluateCast(cast, operands[0]);
  }
  if (isa<ExpandOp>(op)) {
    return evaluateExpand(operands[0], operands[1]);
  }
  Type element = operands[0].getElementType();
  Type truth = IntegerType::get(op->getContext(), 1);
  if (isa<WhereOp>(op)) {
    return map(operands[1].getElementType(), operands, [](Elements e) {
      return e[1]->index() == e[2]->index() ? (isTrue(e[0]) ? e[1] : e[2])
                                            : Element();
    });
  }
  if (isa<EqualOp, LessOp, LessOrEqualOp, GreaterOp, GreaterOrEqualOp, AndOp,
          OrOp, XorOp>(op)) {
    return map(truth, operands,
               [&](Elements e) { return computeBinary(name, e[0], e[1]); });
  }
  auto mod = dyn_cast<ModOp>(*op);
  if (isa<AddOp, SubOp, MulOp, DivOp, MaxOp, MinOp>(op) ||
      (mod && mod.getFmod() == 0)) {
    return map(element, operands, [&](Elements e) {
      Element result = e[0];
      for (size_t i = 1; result && i < e.size(); ++i) {
        result = computeBinary(name, result, e[i]);
      }
      return result;
    });
  }
  if (isa<NotOp, NegOp, AbsOp, FloorOp, CeilOp, ReciprocalOp, SqrtOp>(op)) {
    return map(isa<NotOp>(op) ? truth : element, operands,
               [&](Elements e) { return computeUnary(name, e[0]); });
  }
  return {};
}
