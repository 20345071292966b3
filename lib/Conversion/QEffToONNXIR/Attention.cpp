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

  /// Hides the keys that are `window` or more positions behind the query.
  static Value hideBeyondWindow(NodeBuilder &b, const Mask &mask,
                                int64_t window) {
    Value first = b.binary("Sub", mask.positions, b.i64(window - 1));
    return b.compare("Or", mask.hidden, b.compare("Less", mask.keys, first));
  }

  /// The same nodes for every layer with the same options.
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
    } else {
      mask.keys = b.unsqueeze(adaptor.getKvPos(), {1, 2});
      mask.hidden = b.compare("Less", mask.keys, b.i64(0));
      if (op.getCausal()) {
        mask.hidden =
            b.compare("Or", mask.hidden,
                      b.compare("Greater", mask.keys, mask.positions));
      }
    }
    if (std::optional<int64_t> window = op.getWindow()) {
      mask.hidden = hideBeyondWindow(b, mask, *window);
    }
    return mask;
  }

  /// ALiBi: slope_h·(kv_pos − q_pos), [B, H, S, T], the same nodes for every
  /// layer with the same slopes; null without any.
  static Value buildSlopes(AttentionOp op, const Mask &mask,
                           OpBuilder &builder) {
    if (!op.getSlopes()) {
      return {};
    }
    NodeBuilder b(builder, op.getLoc(), "alibi");
    Type f32 = builder.getF32Type();
    Value slopes = b.weight(op.getSlopes(), f32, "slopes");
    Value distance =
        b.cast(b.binary("Sub", mask.keys, mask.positions), f32);
    return b.binary("Mul", distance, b.unsqueeze(slopes, {1, 2}));
  }

  /// Softmax of the last axis; `sink` [H, 1, 1] is one more score of each row.
  static Value buildSoftmax(NodeBuilder &b, Value scores, Value sink,
                            bool standard) {
    RankedTensorType type = getTensorType(scores);
    Type f32 = type.getElementType();
    if (!sink) {
      return b.node("Softmax", scores, f32, type.getShape(),
                    b.attr("axis", int64_t(-1)));
    }
    SmallVector<int64_t> reduced(type.getShape());
    reduced.back() = 1;
    Value largest =
        b.binary("Max",
                 b.reduce("ReduceMax", scores, -1, /*keepDims=*/true, standard),
                 sink);
    Value weights = b.unary("Exp", b.binary("Sub", scores, largest));
    Value sum = b.node("ReduceSum", {weights, b.i64s({-1})}, f32, reduced,
                       b.attr("keepdims", int64_t(1)));
    Value lost = b.unary("Exp", b.binary("Sub", sink, largest));
    return b.binary("Div", weights, b.binary("Add", sum, lost));
  }

  /// scale·q·kᵀ, limited by the soft cap, in f32.
  static Value buildScores(NodeBuilder &b, AttentionOp op, Value q, Value k) {
    Type f32 = b.getBuilder().getF32Type();
    Value scores = b.cast(b.matmul(q, b.transpose(k, {0, 1, 3, 2})), f32);
    scores = b.binary("Mul", scores,
                      b.scalar(op.getScale().convertToDouble(), f32));
    if (std::optional<llvm::APFloat> softcap = op.getSoftcap()) {
      Value cap = b.scalar(softcap->convertToDouble(), f32);
      scores = b.binary("Mul", b.unary("Tanh", b.binary("Div", scores, cap)),
                        cap);
    }
    return scores;
  }

  /// All that the softmax sees, hidden scores filled.
  Value buildMaskedScores(NodeBuilder &b, AttentionOp op, OpAdaptor adaptor,
                          Value q, Value k, const Mask &mask,
                          Value slopes) const {
    Type f32 = b.getBuilder().getF32Type();
    Value scores = buildScores(b, op, q, k);
    if (slopes) {
      scores = b.binary("Add", scores, slopes);
    }
    if (op.getBias()) {
      Value bias = getActivation(b, op.getBias(), adaptor.getBias(), "bias");
      scores = b.binary("Add", scores, b.cast(bias, f32));
    }
    return b.where(mask.hidden, b.scalar(kMaskFill, f32), scores);
  }

  /// Attention of opset 23, which has no place for slopes, sinks and a bias of
  /// its own beside the mask.
  bool isStandard(AttentionOp op) const {
    return options.standard && !op.getSlopes() && !op.getSinks() &&
           !op.getBias();
  }

  /// What is visible, [B, 1, S, T]. A mask of keys alone is spread over the
  /// queries: ONNX Runtime wants a row for each.
  static Value buildVisible(AttentionOp op, const Mask &mask, Value positions,
                            OpBuilder &builder) {
    NodeBuilder b(builder, op.getLoc(), "attention_mask");
    Value visible = b.unary("Not", mask.hidden);
    SmallVector<int64_t> shape(getTensorType(visible).getShape());
    if (shape[2] != 1) {
      return visible;
    }
    Value length = b.unsqueeze(b.dim(positions, 1), 0);
    Value rows = b.concat({b.i64s({1, 1}), length, b.i64s(1)}, 0);
    shape[2] = getTensorType(positions).getDimSize(1);
    return b.node("Expand", {visible, rows}, builder.getI1Type(), shape);
  }

  Value buildStandard(AttentionOp op, OpAdaptor adaptor, const Mask &mask,
                      OpBuilder &builder) const {
    Value visible = buildVisible(op, mask, adaptor.getQPos(), builder);
    NodeBuilder b = getBuilder(op, builder);
    Value q = getActivation(b, op.getQ(), adaptor.getQ(), "q");
    Value k = getActivation(b, op.getK(), adaptor.getK(), "k");
    Value v = getActivation(b, op.getV(), adaptor.getV(), "v");
    SmallVector<NamedAttribute> attributes = {
        b.attr("scale", static_cast<float>(op.getScale().convertToDouble()))};
    if (std::optional<llvm::APFloat> softcap = op.getSoftcap()) {
      attributes.push_back(b.attr(
          "softcap", static_cast<float>(softcap->convertToDouble())));
    }
    SmallVector<int64_t> shape(getTensorType(q).getShape());
    shape[3] = getTensorType(v).getDimSize(3);
    return b.node("Attention", {q, k, v, visible},
                  getTensorType(q).getElementType(), shape, attributes);
  }

  LogicalResult
  matchAndRewrite(AttentionOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    for (Value perHead : {op.getSlopes(), op.getSinks()}) {
      if (perHead && !isWeightExpression(perHead)) {
        return reject(rewriter, op,
                      "slopes or sinks are no expression of stored weights");
      }
    }
    FailureOr<Mask> mask = buildMask(op, adaptor, rewriter);
    if (failed(mask)) {
      return reject(rewriter, op,
                    "no argument has the dim of kv_pos");
    }
    if (isStandard(op)) {
      rewriter.replaceOp(op, buildStandard(op, adaptor, *mask, rewriter));
      return success();
    }
    Value slopes = buildSlopes(op, *mask, rewriter);
    NodeBuilder b = getBuilder(op, rewriter);
    Value q = getActivation(b, op.getQ(), adaptor.getQ(), "q");
    Value k = getActivation(b, op.getK(), adaptor.getK(), "k");
    Value v = getActivation(b, op.getV(), adaptor.getV(), "v");
    int64_t heads = getTensorType(q).getDimSize(1);
    k = repeatHeads(b, k, heads);
    v = repeatHeads(b, v, heads);
    Value scores = buildMaskedScores(b, op, adaptor, q, k, *mask, slopes);
    Value sink;
    if (op.getSinks()) {
      sink = b.unsqueeze(
          b.weight(op.getSinks(), rewriter.getF32Type(), "sinks"), {1, 2});
    }
    Value weights = b.cast(buildSoftmax(b, scores, sink, options.standard),
                           getTensorType(v).getElementType());
    rewriter.replaceOp(op, b.matmul(weights, v));
    return success();
  }
};
} // namespace

void qeff::populateQEffAttentionToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  patterns.add<AttentionPattern>(patterns.getContext(), options);
}
