// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnxir-fold-constants: what changes nothing.

#include "Folder.h"

#include "llvm/ADT/SmallBitVector.h"

using namespace qeff;
using namespace qeff::onnxir;

static std::optional<SmallVector<int64_t>> getPermutation(TransposeOp op,
                                                          size_t rank) {
  SmallVector<int64_t> result;
  if (std::optional<ArrayRef<int64_t>> given = op.getPerm()) {
    result = llvm::to_vector(*given);
  } else {
    for (size_t i = rank; i > 0; --i) {
      result.push_back(static_cast<int64_t>(i) - 1);
    }
  }
  SmallVector<int64_t> sorted = result;
  llvm::sort(sorted);
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<int64_t>(i)) {
      return std::nullopt;
    }
  }
  return result.size() == rank ? std::optional(result) : std::nullopt;
}

/// Two transposes become one; one that moves nothing goes.
Value Folder::foldTranspose(TransposeOp op) {
  std::optional<SmallVector<Expr>> shape = getShape(op.getData());
  auto permutation = shape ? getPermutation(op, shape->size()) : std::nullopt;
  if (!permutation) {
    return {};
  }
  if (auto before = op.getData().getDefiningOp<TransposeOp>()) {
    if (auto first = getPermutation(before, shape->size())) {
      for (int64_t &axis : *permutation) {
        axis = (*first)[axis];
      }
      op.setPerm(*permutation);
      op->setOperand(0, before.getData());
    }
  }
  return llvm::is_sorted(*permutation) ? op.getData() : Value();
}

/// What a chain of reshapes begins with, where the shape is the same again.
Value Folder::foldChain(Operation *op) {
  Value found;
  Value value = op->getOperand(0);
  for (int i = 0; i < kMaxChain; ++i) {
    if (haveSameShape(value, op->getResult(0))) {
      found = value;
    }
    Operation *before = value.getDefiningOp();
    if (!isReshape(before)) {
      break;
    }
    value = before->getOperand(0);
  }
  return found;
}

bool Folder::isFullSlice(SliceOp op) {
  if (!isa<mlir::NoneType>(op.getSteps().getType())) {
    std::optional<SmallVector<int64_t>> steps = getIntegers(op.getSteps());
    if (!steps || llvm::any_of(*steps, [](int64_t step) { return step < 1; })) {
      return false;
    }
  }
  return haveSameShape(op.getData(), op.getOutput());
}

static bool isSameCast(CastOp op) {
  auto type = dyn_cast<mlir::TensorType>(op.getInput().getType());
  return type && type.getElementType() ==
                     getElementType(op->getContext(), op.getTo());
}

/// The number that all elements of a constant are, or nothing.
static std::optional<double> getSplat(Value value) {
  DenseElementsAttr constant = getConstant(value);
  if (!constant || !constant.isSplat() || constant.empty()) {
    return std::nullopt;
  }
  auto element = constant.getSplatValue<Attribute>();
  if (auto number = dyn_cast<FloatAttr>(element)) {
    return number.getValueAsDouble();
  }
  auto number = dyn_cast<IntegerAttr>(element);
  return number ? std::optional<double>(number.getValue().isZero()  ? 0
                                        : number.getValue().isOne() ? 1
                                                                    : 2)
                : std::nullopt;
}

/// An operand that the other one, a constant, does not change.
Value Folder::foldNeutral(OperatorOpInterface op) {
  auto type = dyn_cast<mlir::TensorType>(op->getResult(0).getType());
  if (!type || !isa<MulOp, DivOp, AddOp, SubOp, AndOp, OrOp>(op)) {
    return {};
  }
  // A float -0 plus 0 is not -0.
  bool isInteger = isa<IntegerType>(type.getElementType());
  double neutral = isa<MulOp, DivOp, AndOp>(op) ? 1 : 0;
  for (unsigned i : {1, 0}) {
    Value kept = op->getOperand(1 - i);
    bool isAllowed = (i == 1 || isa<MulOp, AddOp, AndOp, OrOp>(op)) &&
                     (isInteger || !isa<AddOp>(op));
    if (isAllowed && getSplat(op->getOperand(i)) == neutral &&
        haveSameShape(kept, op->getResult(0))) {
      return kept;
    }
  }
  return {};
}

/// An operand that was expanded to what it would be broadcast to anyway is taken
/// as it was.
void Folder::bypassExpands(OperatorOpInterface op) {
  if (!isa<MulOp, DivOp, AddOp, SubOp, PowOp>(op)) {
    return;
  }
  for (unsigned i : {0, 1}) {
    auto expand = op->getOperand(i).getDefiningOp<ExpandOp>();
    if (expand && haveSameShape(op->getOperand(1 - i), op->getResult(0))) {
      op->setOperand(i, expand.getInput());
    }
  }
}

/// The side that a constant condition chooses.
Value Folder::foldWhere(WhereOp op) {
  std::optional<double> condition = getSplat(op.getCondition());
  if (!condition) {
    return {};
  }
  Value chosen = *condition != 0 ? op.getX() : op.getY();
  return haveSameShape(chosen, op->getResult(0)) ? chosen : Value();
}

/// The axes that `axes` names among `rank`, or nothing.
static std::optional<llvm::SmallBitVector>
getAxes(std::optional<SmallVector<int64_t>> axes, size_t rank) {
  llvm::SmallBitVector result(rank);
  for (int64_t axis : axes ? *axes : SmallVector<int64_t>()) {
    axis = axis < 0 ? axis + static_cast<int64_t>(rank) : axis;
    if (axis < 0 || axis >= static_cast<int64_t>(rank) || result[axis]) {
      return std::nullopt;
    }
    result.set(axis);
  }
  return axes ? std::optional(result) : std::nullopt;
}

/// Two that follow each other become one.
void Folder::mergeUnsqueezes(UnsqueezeOp op) {
  auto before = op.getData().getDefiningOp<UnsqueezeOp>();
  auto outerShape = getShape(op.getExpanded());
  auto innerShape = before ? getShape(before.getExpanded()) : std::nullopt;
  if (!before || !outerShape || !innerShape) {
    return;
  }
  auto outer = getAxes(getIntegers(op.getAxes()), outerShape->size());
  auto inner = getAxes(getIntegers(before.getAxes()), innerShape->size());
  if (!outer || !inner ||
      outer->count() + innerShape->size() != outerShape->size()) {
    return;
  }
  SmallVector<int64_t> axes;
  unsigned next = 0;
  for (unsigned i = 0; i < outer->size(); ++i) {
    if ((*outer)[i] || (*inner)[next++]) {
      axes.push_back(i);
    }
  }
  op->setOperand(0, before.getData());
  op->setOperand(1, initializers.getInts(axes, "axes"));
}

Value Folder::foldNoise(OperatorOpInterface op) {
  if (isa<IdentityOp>(op) ||
      (isa<ConcatOp>(op) && op->getNumOperands() == 1)) {
    return op->getOperand(0);
  }
  if (auto cast = dyn_cast<CastOp>(*op)) {
    return isSameCast(cast) ? cast.getInput() : Value();
  }
  if (auto transpose = dyn_cast<TransposeOp>(*op)) {
    return foldTranspose(transpose);
  }
  if (auto where = dyn_cast<WhereOp>(*op)) {
    return foldWhere(where);
  }
  if (auto slice = dyn_cast<SliceOp>(*op)) {
    return isFullSlice(slice) ? slice.getData() : Value();
  }
  if (isa<ExpandOp>(op)) {
    return haveSameShape(op->getOperand(0), op->getResult(0))
               ? op->getOperand(0)
               : Value();
  }
  if (auto unsqueeze = dyn_cast<UnsqueezeOp>(*op)) {
    mergeUnsqueezes(unsqueeze);
  }
  if (isReshape(op)) {
    return foldChain(op);
  }
  bypassExpands(op);
  return foldNeutral(op);
}
