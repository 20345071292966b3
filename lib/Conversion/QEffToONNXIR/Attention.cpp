// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// attention: scores, mask, softmax in f32, weighted sum.

#include "Pattern.h"
#include "Slots.h"

using namespace qeff;

// The lowest f16: finite, so that a row that sees nothing stays finite, and
// the same number after the card's compiler has made everything f16.
static constexpr double kMaskFill = -65504.0;

/// Repeats each of G heads so that H result: [B, G, T, D] to [B, H, T, D].
static Value repeatHeads(NodeBuilder &b, Value x, int64_t heads) {
  RankedTensorType type = getTensorType(x);
  ArrayRef<int64_t> shape = type.getShape();
  int64_t groups = shape[1];
  if (groups == heads) {
    return x;
  }
  int64_t times = heads / groups;
  Value expanded =
      b.node("Expand", {b.unsqueeze(x, 2), b.i64s({1, 1, times, 1, 1})},
             type.getElementType(),
             {shape[0], groups, times, shape[2], shape[3]});
  return b.reshape(expanded, {0, heads, -1, shape[3]},
                   {shape[0], heads, shape[2], shape[3]});
}

namespace {
struct AttentionPattern : ONNXIRPattern<AttentionOp> {
  using ONNXIRPattern::ONNXIRPattern;

  struct Mask {
    Value hidden;    // [B, 1, S, T] or [B, 1, 1, T]
    Value keys;      // positions of the keys, rank 4
    Value positions; // positions of the queries, rank 4
  };

  /// The same nodes for every layer.
  FailureOr<Mask> buildMask(AttentionOp op, OpAdaptor adaptor,
                            mlir::ConversionPatternRewriter &rewriter) const {
    NodeBuilder b(rewriter, op.getLoc(), "attention_mask");
    Mask mask;
    mask.positions = b.unsqueeze(adaptor.getQPos(), {1, 3});
    auto source = op.getKvPos().getDefiningOp<CachePositionsOp>();
    if (op.getCausal() && source && source.getPositions() == op.getQPos()) {
      // A slot beyond the row's last position is beyond every query's.
      FailureOr<Slots> slots = buildSlots(rewriter, source, adaptor.getQPos());
      if (failed(slots)) {
        return failure();
      }
      mask.keys = b.unsqueeze(slots->numbers, {0, 1, 2});
      mask.hidden = b.compare("Greater", mask.keys, mask.positions);
      return mask;
    }
    mask.keys = b.unsqueeze(adaptor.getKvPos(), {1, 2});
    mask.hidden = b.compare("Less", mask.keys, b.i64(0));
    if (op.getCausal()) {
      Value later = b.compare("Greater", mask.keys, mask.positions);
      mask.hidden = b.node("Or", {mask.hidden, later}, rewriter.getI1Type(),
                           getTensorType(later).getShape());
    }
    return mask;
  }

  /// ALiBi: slope_h·(kv_pos − q_pos), [B, H, S, T].
  static Value buildBias(NodeBuilder &b, const Mask &mask, Value slopes) {
    Type f32 = getTensorType(slopes).getElementType();
    Value distance =
        b.cast(b.binary("Sub", mask.keys, mask.positions), f32);
    return b.binary("Mul", distance, b.unsqueeze(slopes, {1, 2}));
  }

  LogicalResult
  matchAndRewrite(AttentionOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    if (op.getSlopes() && !isWeightExpression(op.getSlopes())) {
      return reject(rewriter, op,
                    "the slopes are no expression of stored weights");
    }
    FailureOr<Mask> mask = buildMask(op, adaptor, rewriter);
    if (failed(mask)) {
      return reject(rewriter, op,
                    "no argument has the dim of kv_pos");
    }
    Type f32 = rewriter.getF32Type();
    Value bias;
    if (op.getSlopes()) {
      NodeBuilder shared(rewriter, op.getLoc(), "alibi");
      bias = buildBias(shared, *mask,
                       shared.weight(op.getSlopes(), f32, "slopes"));
    }
    NodeBuilder b = getBuilder(op, rewriter);
    Value q = getActivation(b, op.getQ(), adaptor.getQ(), "q");
    Value k = getActivation(b, op.getK(), adaptor.getK(), "k");
    Value v = getActivation(b, op.getV(), adaptor.getV(), "v");
    int64_t heads = getTensorType(q).getDimSize(1);
    k = repeatHeads(b, k, heads);
    v = repeatHeads(b, v, heads);
    Value scores = b.cast(b.matmul(q, b.transpose(k, {0, 1, 3, 2})), f32);
    scores = b.binary("Mul", scores,
                      b.scalar(op.getScale().convertToDouble(), f32));
    if (bias) {
      scores = b.binary("Add", scores, bias);
    }
    scores = b.where(mask->hidden, b.scalar(kMaskFill, f32), scores);
    RankedTensorType type = getTensorType(scores);
    Value weights = b.node("Softmax", scores, f32, type.getShape(),
                           b.attr("axis", int64_t(-1)));
    weights = b.cast(weights, getTensorType(v).getElementType());
    rewriter.replaceOp(op, b.matmul(weights, v));
    return success();
  }
};
} // namespace

void qeff::populateQEffAttentionToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  patterns.add<AttentionPattern>(patterns.getContext(), options);
}
