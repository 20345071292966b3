// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From values to expression nodes.

#include "Expression.h"

#include "mlir/IR/Matchers.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/MathExtras.h"

using namespace qeff;

namespace {
/// Ops from a value down to a stored weight; more is refused, so that the
/// recursion over an expression is bounded.
constexpr int64_t kMaxDepth = 256;
constexpr int64_t kMaxRank = 16;
} // namespace

FailureOr<int64_t> qeff::getTensorBytes(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape() ||
      !tensor.getElementType().isIntOrFloat() ||
      tensor.getElementTypeBitWidth() % 8 != 0) {
    return failure();
  }
  int64_t bytes = tensor.getElementTypeBitWidth() / 8;
  for (int64_t size : tensor.getShape()) {
    if (llvm::MulOverflow(bytes, size, bytes)) {
      return failure();
    }
  }
  return bytes;
}

FailureOr<ExpressionNode *>
ExpressionBuilder::createNode(ExpressionNode::Kind kind, Type type,
                              Location loc) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (failed(getTensorBytes(type)) || tensor.getRank() > kMaxRank) {
    return mlir::emitError(loc)
           << "expects a static tensor of byte-sized elements and at most "
           << kMaxRank << " axes in a weight expression, got " << type;
  }
  ExpressionNode &node = nodes.emplace_back();
  node.kind = kind;
  node.type = tensor;
  node.elementBytes = tensor.getElementTypeBitWidth() / 8;
  return &node;
}

FailureOr<const ExpressionNode *>
ExpressionBuilder::buildStored(WeightOp weight) {
  auto file =
      symbols.lookupNearestSymbolFrom<FileOp>(weight, weight.getFileAttr());
  if (!file) {
    return weight.emitError("expects a qeff.file, got ")
           << weight.getFileAttr();
  }
  FailureOr<const WeightFile *> opened = files.open(file);
  if (failed(opened)) {
    return failure();
  }
  FailureOr<ExpressionNode *> node = createNode(
      ExpressionNode::Kind::Stored, weight.getType(), weight.getLoc());
  if (failed(node)) {
    return failure();
  }
  Type element = weight.getTensorType().getElementType();
  if (weight.getEncoding() && !element.isF32() && !element.isF16() &&
      !element.isBF16()) {
    return weight.emitError("expects f32, f16 or bf16 for encoded weights, "
                            "got ")
           << weight.getType();
  }
  (*node)->file = *opened;
  (*node)->offset = static_cast<int64_t>(weight.getOffset());
  (*node)->encoding = weight.getEncoding();
  return *node;
}

FailureOr<const ExpressionNode *>
ExpressionBuilder::buildConstant(Operation *op, Value value) {
  mlir::DenseIntOrFPElementsAttr elements;
  if (!mlir::matchPattern(value, mlir::m_Constant(&elements))) {
    return op->emitError("expects a dense constant in a weight expression");
  }
  FailureOr<ExpressionNode *> node = createNode(
      ExpressionNode::Kind::Constant, value.getType(), op->getLoc());
  if (failed(node)) {
    return failure();
  }
  (*node)->data = elements.getRawData();
  (*node)->isSplat = elements.isSplat();
  return *node;
}

FailureOr<const ExpressionNode *>
ExpressionBuilder::buildOp(Operation *op, Value value) {
  if (auto reference = dyn_cast<WeightRefOp>(op)) {
    return build(symbols.lookupNearestSymbolFrom(op, reference.getWeightAttr()));
  }
  if (op->hasTrait<mlir::OpTrait::ConstantLike>()) {
    return buildConstant(op, value);
  }
  auto streamable = dyn_cast<StreamableOpInterface>(op);
  if (!streamable || op->getNumResults() != 1) {
    return op->emitError("expects a streamable op in a weight expression");
  }
  SmallVector<const ExpressionNode *, 2> operands;
  for (Value operand : op->getOperands()) {
    FailureOr<const ExpressionNode *> node = build(operand);
    if (failed(node)) {
      return failure();
    }
    operands.push_back(*node);
  }
  FailureOr<ExpressionNode *> node =
      createNode(ExpressionNode::Kind::Op, value.getType(), op->getLoc());
  if (failed(node)) {
    return failure();
  }
  (*node)->op = streamable;
  (*node)->operands = operands;
  if (streamable.isElementwise() && operands.size() == 1 &&
      (*node)->elementBytes <= kMaxChainElementBytes) {
    const ExpressionNode *operand = operands.front();
    if (!operand->chain.empty()) {
      (*node)->chain = operand->chain;
      (*node)->operands = operand->operands;
    }
    (*node)->chain.push_back(streamable);
  }
  return *node;
}

FailureOr<const ExpressionNode *> ExpressionBuilder::build(Value value) {
  auto known = values.find(value);
  if (known != values.end()) {
    return known->second;
  }
  Operation *op = value.getDefiningOp();
  if (!op) {
    return mlir::emitError(value.getLoc())
           << "expects a weight expression, got an argument";
  }
  if (depth >= kMaxDepth) {
    return op->emitError("expects a weight expression of at most ")
           << kMaxDepth << " nested ops";
  }
  ++depth;
  llvm::scope_exit restore([&] { --depth; });
  FailureOr<const ExpressionNode *> node = buildOp(op, value);
  if (succeeded(node)) {
    values[value] = *node;
  }
  return node;
}

FailureOr<const ExpressionNode *> ExpressionBuilder::build(Operation *symbol) {
  auto known = symbolNodes.find(symbol);
  if (known != symbolNodes.end()) {
    return known->second;
  }
  FailureOr<const ExpressionNode *> node = failure();
  if (auto weight = dyn_cast_if_present<WeightOp>(symbol)) {
    node = buildStored(weight);
  } else if (auto expr = dyn_cast_if_present<WeightExprOp>(symbol)) {
    node = build(expr.getYielded());
  } else {
    return module.emitError("expects the symbol of a qeff.weight or "
                            "qeff.weight_expr");
  }
  if (succeeded(node)) {
    symbolNodes[symbol] = *node;
  }
  return node;
}

FailureOr<const ExpressionNode *>
ExpressionBuilder::build(FlatSymbolRefAttr symbol) {
  return build(symbols.lookupNearestSymbolFrom(module, symbol));
}
