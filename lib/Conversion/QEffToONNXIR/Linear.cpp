// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// linear, lora, embedding, logits_select.

#include "Pattern.h"

using namespace qeff;

/// The initializer in front of `op` that `weight` is already, in the type
/// `element`, or null.
static Value findInitializer(OpBuilder &builder, Operation *op, Value weight,
                             Type element) {
  Value source = castWeight(builder, op->getLoc(), weight, element);
  for (Operation *user : source.getUsers()) {
    auto found = dyn_cast<onnxir::WeightOp>(user);
    if (found && found->getBlock() == op->getBlock() &&
        found->isBeforeInBlock(op)) {
      return found;
    }
  }
  return {};
}

namespace {
/// MatMul with an [in, out] initializer as its second operand, which the AI 100
/// compiler needs in order to compress it, and Add.
struct LinearPattern : ONNXIRPattern<LinearOp> {
  using ONNXIRPattern::ONNXIRPattern;

  /// The weight as [in, out]. A table that is an initializer already is not
  /// written twice where any runtime may turn it.
  Value getTransposed(LinearOp op, NodeBuilder &b) const {
    OpBuilder &builder = b.getBuilder();
    Value tied = options.standard ? findInitializer(builder, op, op.getWeight(),
                                                    options.dtype)
                                  : Value();
    if (tied) {
      return b.transpose(tied, {1, 0});
    }
    RankedTensorType type = getTensorType(op.getWeight());
    Value transposed = builder.createOrFold<TransposeOp>(
        op.getLoc(),
        RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)},
                              type.getElementType()),
        op.getWeight(), ArrayRef<int64_t>{1, 0});
    return b.weight(transposed, options.dtype, "weight");
  }

  LogicalResult
  matchAndRewrite(LinearOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    if (!isWeightExpression(op.getWeight())) {
      return reject(rewriter, op,
                    "the weight is no expression of stored weights");
    }
    if (op.getBias() && !isWeightExpression(op.getBias())) {
      return reject(rewriter, op,
                    "the bias is no expression of stored weights");
    }
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    Value result = b.matmul(x, getTransposed(op, b));
    if (op.getBias()) {
      result = b.binary("Add", result,
                        b.weight(op.getBias(), options.dtype, "bias"));
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// x·Aᵀ where an earlier part of the same module has it, or null. Names keep CSE
/// from seeing that two parts compute the same.
static Value findDown(Value x, Value a, Operation *before) {
  for (Operation *user : a.getUsers()) {
    auto transpose = dyn_cast<onnxir::NodeOp>(user);
    if (!transpose || transpose.getOpType() != "Transpose") {
      continue;
    }
    for (Operation *next : transpose->getUsers()) {
      auto matmul = dyn_cast<onnxir::NodeOp>(next);
      if (matmul && matmul.getOpType() == "MatMul" &&
          matmul->getOperand(0) == x &&
          matmul->getBlock() == before->getBlock() &&
          matmul->isBeforeInBlock(before)) {
        return matmul.getResult(0);
      }
    }
  }
  return {};
}

/// base + (x·Aᵀ·Bᵀ)·scaling, as PEFT computes it; a part of a fused module takes
/// its rows of B and shares x·Aᵀ with the others. A and B are inputs, so nothing
/// of it is folded.
struct LoRAPattern : ONNXIRPattern<LoRAOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(LoRAOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    std::string scope = op.getScope().value_or("").str() + ".lora";
    NodeBuilder b(rewriter, op.getLoc(), scope);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    Value down = findDown(x, adaptor.getA(), op);
    if (!down) {
      down = b.matmul(x, b.transpose(adaptor.getA(), {1, 0}));
    }
    Value up = adaptor.getB();
    int64_t size = getTensorType(op.getBase()).getShape().back();
    int64_t row = static_cast<int64_t>(op.getRow());
    if (size != getTensorType(up).getDimSize(0)) {
      up = b.slice(up, 0, row, row + size);
    }
    Value path = b.matmul(down, b.transpose(up, {1, 0}));
    Value scaling = b.cast(adaptor.getScaling(), options.dtype);
    path = b.binary("Mul", path, scaling);
    rewriter.replaceOp(op, b.binary("Add", adaptor.getBase(), path));
    return success();
  }
};

/// `value` is used as positions, so that it may be −1.
static bool isPositions(Value value) {
  if (Operation *op = value.getDefiningOp();
      isa_and_present<IotaOp, MaskPositionsOp>(op)) {
    return isa<MaskPositionsOp>(op);
  }
  return llvm::any_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<CachePositionsOp, LogitsSelectOp>(user)) {
      return true;
    }
    if (auto rope = dyn_cast<RopeOp>(user)) {
      return rope.getPositions() == value;
    }
    if (auto write = dyn_cast<CacheWriteOp>(user)) {
      return write.getPositions() == value;
    }
    if (auto attention = dyn_cast<AttentionOp>(user)) {
      return attention.getQPos() == value || attention.getKvPos() == value;
    }
    return false;
  });
}

/// Gather. Token ids are never negative, positions of padding are.
struct EmbeddingPattern : ONNXIRPattern<EmbeddingOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(EmbeddingOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    if (!isWeightExpression(op.getTable())) {
      return reject(rewriter, op,
                    "the table is no expression of stored weights");
    }
    NodeBuilder b = getBuilder(op, rewriter);
    Value ids = adaptor.getIds();
    if (isPositions(op.getIds())) {
      ids = b.binary("Max", ids, b.i64(0));
    }
    Value table = b.weight(op.getTable(), options.dtype, "weight");
    rewriter.replaceOp(op, b.gather(table, ids, 0));
    return success();
  }
};

/// ArgMax of the positions and a Gather by row. ArgMax of int64 is missing in
/// ONNX Runtime, hence the Cast.
struct LogitsSelectPattern : ONNXIRPattern<LogitsSelectOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(LogitsSelectOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    RankedTensorType type = getTensorType(x);
    int64_t batch = type.getDimSize(0);
    Value positions = b.cast(adaptor.getPositions(), rewriter.getI32Type());
    Value last = b.node("ArgMax", positions, rewriter.getI64Type(), {batch, 1},
                        {b.attr("axis", int64_t(1)),
                         b.attr("keepdims", int64_t(1)),
                         b.attr("select_last_index", int64_t(0))});
    Value index = b.unsqueeze(last, 2);
    rewriter.replaceOp(
        op, b.node("GatherND", {x, index}, type.getElementType(),
                   {batch, 1, type.getDimSize(2)},
                   b.attr("batch_dims", int64_t(1))));
    return success();
  }
};
} // namespace

void qeff::populateQEffLinearToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  patterns.add<LinearPattern, LoRAPattern, EmbeddingPattern,
               LogitsSelectPattern>(patterns.getContext(), options);
}
