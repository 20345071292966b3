// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// attention: scores, mask, softmax and weighted sum in f32. Query heads are
// [G, R], R the heads that share a key/value head, so that every loop reads
// what it needs at an index of its own.

#include "Pattern.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace qeff;
using onnxir::Compare;
namespace math = mlir::math;

// Loops of the scores: batch, group, head of the group, query, key.
enum Loop : int64_t { kBatch, kGroup, kHead, kQuery, kKey };

namespace {
struct AttentionPattern : LinalgPattern<AttentionOp> {
  using LinalgPattern::LinalgPattern;

  /// Whether the key at `key` is visible from `query`, in a body.
  static Value isVisible(LoopBuilder &l, AttentionOp op, Value query,
                         Value key) {
    Value visible =
        l.s.compare(Compare::GreaterEqual, key, l.i64(0), false);
    if (op.getCausal()) {
      visible = l.s.logicalAnd(
          visible, l.s.compare(Compare::LessEqual, key, query, false));
    }
    if (std::optional<int64_t> window = op.getWindow()) {
      visible = l.s.logicalAnd(
          visible, l.s.compare(Compare::Less, l.s.sub(query, key),
                               l.i64(*window), false));
    }
    return visible;
  }

  /// How the dense bias is read, its heads split as those of q are.
  static Read readBias(LoopBuilder &l, Value bias, int64_t heads,
                       int64_t groups) {
    auto type = cast<RankedTensorType>(bias.getType());
    SmallVector<int64_t> loops = {
        type.getDimSize(0) == 1 ? kBroadcast : int64_t(kBatch)};
    if (type.getDimSize(1) == 1) {
      loops.push_back(kBroadcast);
    } else {
      bias = l.splitAxis(bias, 1, groups);
      llvm::append_values(loops, kGroup, kHead);
    }
    llvm::append_values(loops, kQuery, kKey);
    return {bias, loops};
  }

  /// cap(scale·q·k) + slope·distance + bias, −∞ where a key is hidden.
  static Value buildScores(LoopBuilder &l, AttentionOp op, OpAdaptor operands,
                           Value product, int64_t heads, int64_t groups) {
    SmallVector<Read> reads = {{product, allLoops(5)},
                               {operands.getQPos(), {kBatch, kQuery}},
                               {operands.getKvPos(), {kBatch, kKey}}};
    if (operands.getSlopes()) {
      reads.push_back(
          {l.splitAxis(operands.getSlopes(), 0, groups), {kGroup, kHead}});
    }
    if (operands.getBias()) {
      reads.push_back(readBias(l, operands.getBias(), heads, groups));
    }
    double scale = op.getScale().convertToDouble();
    return l.map(reads, l.sizes(product), l.b.getF32Type(), [&](ValueRange e) {
      Value score = l.s.mul(e[0], l.f32(scale));
      if (std::optional<llvm::APFloat> softcap = op.getSoftcap()) {
        Value cap = l.f32(softcap->convertToDouble());
        Value inner = math::TanhOp::create(l.b, l.s.div(score, cap, false));
        score = l.s.mul(cap, inner);
      }
      if (operands.getSlopes()) {
        Value distance = l.toFloat(l.s.sub(e[2], e[1]));
        score = l.s.add(score, l.s.mul(e[3], distance));
      }
      score = operands.getBias() ? l.s.add(score, e.back()) : score;
      Value hidden = l.f32(-std::numeric_limits<double>::infinity());
      return l.s.select(isVisible(l, op, e[1], e[2]), score, hidden);
    });
  }

  /// The softmax of the last axis; `sinks` [G, R] are one more score each. A
  /// row that sees nothing gives zeros: its largest score is a finite number.
  static Value buildSoftmax(LoopBuilder &l, Value scores, Value sinks) {
    Type f32 = l.b.getF32Type();
    SmallVector<OpFoldResult> sizes = l.sizes(scores);
    ArrayRef<OpFoldResult> rows = ArrayRef(sizes).drop_back();
    double lowest = -std::numeric_limits<float>::max();
    Value largest = l.fold({{scores, allLoops(5)}}, rows, 1, l.f32(lowest),
                           [&](Value most, ValueRange e) {
                             return l.s.max(most, e[0], false);
                           });
    Read sink = {sinks, {kGroup, kHead}};
    if (sinks) {
      largest = l.map({{largest, allLoops(4)}, sink}, rows, f32,
                      [&](ValueRange e) { return l.s.max(e[0], e[1], false); });
    }
    Value powers = l.map({{scores, allLoops(5)}, {largest, allLoops(4)}},
                         sizes, f32, [&](ValueRange e) -> Value {
                           return math::ExpOp::create(l.b,
                                                      l.s.sub(e[0], e[1]));
                         });
    Value sum = l.fold({{powers, allLoops(5)}}, rows, 1, l.f32(0),
                       [&](Value sum, ValueRange e) {
                         return l.s.add(sum, e[0]);
                       });
    if (sinks) {
      sum = l.map({{sum, allLoops(4)}, {largest, allLoops(4)}, sink}, rows, f32,
                  [&](ValueRange e) {
                    Value lost =
                        math::ExpOp::create(l.b, l.s.sub(e[2], e[1]));
                    return l.s.add(e[0], lost);
                  });
    }
    return l.map({{powers, allLoops(5)}, {sum, allLoops(4)}}, sizes, f32,
                 [&](ValueRange e) {
                   Value zero = l.f32(0);
                   Value isEmpty =
                       l.s.compare(Compare::Equal, e[1], zero, false);
                   return l.s.select(isEmpty, zero,
                                     l.s.div(e[0], e[1], false));
                 });
  }

  FailureOr<Value> lower(LoopBuilder &l, AttentionOp op,
                         OpAdaptor operands) const override {
    for (Value perHead : {op.getSlopes(), op.getSinks()}) {
      if (perHead &&
          !cast<RankedTensorType>(perHead.getType()).hasStaticShape()) {
        return reject(op, "expects slopes and sinks of static shape, got " +
                              Twine("a dynamic one"));
      }
    }
    Value k = operands.getK(), v = operands.getV();
    int64_t heads =
        cast<RankedTensorType>(op.getQ().getType()).getDimSize(1);
    int64_t groups = cast<RankedTensorType>(k.getType()).getDimSize(1);
    Value q = l.splitAxis(operands.getQ(), 1, groups);
    SmallVector<OpFoldResult> sizes = l.sizes(q);
    sizes[kKey] = l.size(k, 2);
    Value product = l.contract({q, {kBatch, kGroup, kHead, kQuery, 5}},
                               {k, {kBatch, kGroup, kKey, 5}}, sizes);
    Value scores = buildScores(l, op, operands, product, heads, groups);
    Value sinks = operands.getSinks();
    Value weights = buildSoftmax(
        l, scores, sinks ? l.splitAxis(sinks, 0, groups) : Value());
    sizes[4] = l.size(v, 3);
    Value result = l.contract({weights, {kBatch, kGroup, kHead, kQuery, 5}},
                              {v, {kBatch, kGroup, 5, 4}}, sizes);
    return l.mergeAxes(result, kGroup);
  }
};
} // namespace

void qeff::populateQEffAttentionToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  patterns.add<AttentionPattern>(patterns.getContext(), options);
}
