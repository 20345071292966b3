// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What weights are behind the ops that exporters leave on them.

#include "WeightSource.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace qeff;

/// Chains of ops on weights are short.
static constexpr int64_t kMaxChain = 16;

static RankedTensorType getFloatType(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() &&
                 isa<FloatType>(type.getElementType()) &&
                 type.getElementType().getIntOrFloatBitWidth() >= 16
             ? type
             : RankedTensorType();
}

/// The order of a transpose's axes.
static SmallVector<int64_t> getOrder(onnxir::TransposeOp op, int64_t rank) {
  if (std::optional<ArrayRef<int64_t>> perm = op.getPerm()) {
    return llvm::to_vector(*perm);
  }
  SmallVector<int64_t> order;
  for (int64_t axis = rank; axis-- > 0;) {
    order.push_back(axis);
  }
  return order;
}

/// Where a part of a weight that was split begins.
static SmallVector<int64_t> getOffsets(Value part) {
  auto split = part.getDefiningOp<onnxir::SplitOp>();
  int64_t rank = cast<RankedTensorType>(part.getType()).getRank();
  auto axis = static_cast<int64_t>(split.getAxis());
  axis = axis < 0 ? axis + rank : axis;
  SmallVector<int64_t> offsets(static_cast<size_t>(rank), 0);
  for (Value before : split->getResults()) {
    if (before == part) {
      break;
    }
    offsets[axis] += cast<RankedTensorType>(before.getType()).getDimSize(axis);
  }
  return offsets;
}

/// Whether the parts are slices along an axis of sizes that are known.
static bool isPlainSplit(onnxir::SplitOp split) {
  auto from = dyn_cast<RankedTensorType>(split.getInput().getType());
  auto axis = static_cast<int64_t>(split.getAxis());
  axis = from && axis < 0 ? axis + from.getRank() : axis;
  if (!from || axis < 0 || axis >= from.getRank()) {
    return false;
  }
  int64_t rest = from.getDimSize(axis);
  for (Type result : split->getResultTypes()) {
    auto type = dyn_cast<RankedTensorType>(result);
    if (!type || !type.hasStaticShape() || type.getRank() != from.getRank() ||
        type.getDimSize(axis) > rest) {
      return false;
    }
    rest -= type.getDimSize(axis);
    SmallVector<int64_t> shape = llvm::to_vector(type.getShape());
    shape[axis] = from.getDimSize(axis);
    if (ArrayRef(shape) != from.getShape()) {
      return false;
    }
  }
  return rest == 0;
}

static bool isWeightChain(Value value, int64_t depth) {
  if (!getFloatType(value) || depth > kMaxChain) {
    return false;
  }
  Operation *op = value.getDefiningOp();
  if (isa_and_present<onnxir::WeightOp, onnxir::InitializerOp,
                      mlir::arith::ConstantOp, WeightRefOp>(op)) {
    return true;
  }
  if (auto add = dyn_cast_if_present<onnxir::AddOp>(op)) {
    return add.getA().getType() == add.getType() && getSplat(add.getB()) &&
           isWeightChain(add.getA(), depth + 1);
  }
  if (auto split = dyn_cast_if_present<onnxir::SplitOp>(op);
      split && !isPlainSplit(split)) {
    return false;
  }
  return isa_and_present<onnxir::TransposeOp, onnxir::CastOp,
                         onnxir::ReshapeOp, onnxir::SplitOp>(op) &&
         isWeightChain(op->getOperand(0), depth + 1);
}

bool qeff::isWeight(Value value) { return isWeightChain(value, 0); }

Value qeff::getWeight(OpBuilder &builder, Value value) {
  Operation *op = value.getDefiningOp();
  auto type = cast<RankedTensorType>(value.getType());
  Location loc = op->getLoc();
  if (auto weight = dyn_cast<onnxir::WeightOp>(op)) {
    return weight.getSource();
  }
  if (auto initializer = dyn_cast<onnxir::InitializerOp>(op)) {
    return mlir::arith::ConstantOp::create(
        builder, loc, cast<TypedAttr>(initializer.getValue()));
  }
  if (auto transpose = dyn_cast<onnxir::TransposeOp>(op)) {
    Value input = getWeight(builder, transpose.getData());
    return builder.createOrFold<TransposeOp>(
        loc, type, input,
        builder.getDenseI64ArrayAttr(getOrder(transpose, type.getRank())));
  }
  if (isa<onnxir::CastOp>(op)) {
    Value input = getWeight(builder, op->getOperand(0));
    return input.getType() == type
               ? input
               : CastOp::create(builder, loc, type, input);
  }
  if (auto add = dyn_cast<onnxir::AddOp>(op)) {
    return OffsetOp::create(builder, loc, type,
                            getWeight(builder, add.getA()),
                            builder.getF64FloatAttr(*getSplat(add.getB())),
                            StringAttr());
  }
  if (isa<onnxir::SplitOp>(op)) {
    return SliceOp::create(builder, loc, type,
                           getWeight(builder, op->getOperand(0)),
                           getOffsets(value));
  }
  if (isa<onnxir::ReshapeOp>(op)) {
    return builder.createOrFold<ReshapeOp>(
        loc, type, getWeight(builder, op->getOperand(0)));
  }
  return value;
}

static DenseElementsAttr getDense(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto initializer = dyn_cast_if_present<onnxir::InitializerOp>(op)) {
    return dyn_cast<DenseElementsAttr>(initializer.getValue());
  }
  DenseElementsAttr elements;
  return op && matchPattern(value, mlir::m_Constant(&elements))
             ? elements
             : DenseElementsAttr();
}

std::optional<double> qeff::getSplat(Value value) {
  DenseElementsAttr elements = getDense(value);
  if (!elements || !elements.isSplat() ||
      !isa<FloatType>(elements.getElementType())) {
    return std::nullopt;
  }
  return elements.getSplatValue<FloatAttr>().getValueAsDouble();
}

std::optional<SmallVector<int64_t>> qeff::getIntegers(Value value) {
  DenseElementsAttr elements = getDense(value);
  constexpr int64_t kMaxElements = 64;
  if (!elements || !elements.getElementType().isSignlessInteger() ||
      elements.getNumElements() > kMaxElements) {
    return std::nullopt;
  }
  SmallVector<int64_t> result;
  for (const llvm::APInt &element : elements.getValues<llvm::APInt>()) {
    result.push_back(element.getSExtValue());
  }
  return result;
}
