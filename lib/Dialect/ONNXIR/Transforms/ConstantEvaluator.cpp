// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes operators on small constants exactly as ONNX defines them.

#include "ConstantEvaluator.h"

#include "ScalarArithmetic.h"

#include "llvm/Support/MathExtras.h"

using namespace qeff;
using namespace qeff::onnxir;
using llvm::APFloat;
using llvm::APInt;
using llvm::APSInt;
using Elements = ArrayRef<Element>;
using ElementFn = llvm::function_ref<Element(Elements)>;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

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
static std::optional<SmallVector<int64_t>>
getIntegers(DenseElementsAttr value) {
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
