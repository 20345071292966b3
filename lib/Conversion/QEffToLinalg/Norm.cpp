// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// rms_norm, layer_norm.

#include "Pattern.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
namespace math = mlir::math;

namespace {
/// Loops over all axes of a tensor, and over all but the last.
struct Axes {
  explicit Axes(Value input)
      : all(allLoops(getRank(input))), outer(ArrayRef(all).drop_back()),
        last(getRank(input) - 1) {}

  SmallVector<int64_t> all;
  SmallVector<int64_t> outer;
  int64_t last;
};
} // namespace

/// The mean over the last axis of what `body` makes of an element of `input`
/// and of `shift`, a tensor of the other axes where there is one.
static Value buildMean(LoopBuilder &l, Value input, Value shift,
                       LoopBuilder::MapFn body) {
  Axes axes(input);
  SmallVector<OpFoldResult> sizes = l.sizes(input);
  Value count = l.floatOf(sizes.pop_back_val());
  SmallVector<Read> reads = {{input, axes.all}};
  if (shift) {
    reads.push_back({shift, axes.outer});
  }
  Value sum = l.fold(reads, sizes, 1, l.f32(0),
                     [&](Value sum, ValueRange elements) {
                       return l.s.add(sum, body(elements));
                     });
  return l.mapElements(sum, l.b.getF32Type(), [&](Value x) {
    return l.s.div(x, count, false);
  });
}

/// x / √(square + eps), in a body.
static Value normalize(LoopBuilder &l, Value x, Value square, double eps) {
  Value root = math::SqrtOp::create(l.b, l.s.add(square, l.f32(eps)));
  return l.s.div(x, root, false);
}

namespace {
struct RMSNormPattern : LinalgPattern<RMSNormOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, RMSNormOp op,
                         OpAdaptor operands) const override {
    Value input = operands.getInput();
    Axes axes(input);
    double eps = op.getEps().convertToDouble();
    Value square = buildMean(l, input, {}, [&](ValueRange e) {
      return l.s.mul(e[0], e[0]);
    });
    return l.map({{input, axes.all},
                  {square, axes.outer},
                  {operands.getWeight(), {axes.last}}},
                 l.sizes(input), getResultElement(op), [&](ValueRange e) {
                   return l.s.mul(e[2], normalize(l, e[0], e[1], eps));
                 });
  }
};

struct LayerNormPattern : LinalgPattern<LayerNormOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, LayerNormOp op,
                         OpAdaptor operands) const override {
    Value input = operands.getInput();
    Axes axes(input);
    double eps = op.getEps().convertToDouble();
    Value mean =
        buildMean(l, input, {}, [](ValueRange e) -> Value { return e[0]; });
    Value variance = buildMean(l, input, mean, [&](ValueRange e) {
      Value centered = l.s.sub(e[0], e[1]);
      return l.s.mul(centered, centered);
    });
    SmallVector<Read> reads = {
        {input, axes.all}, {mean, axes.outer}, {variance, axes.outer}};
    for (Value parameter : {operands.getWeight(), operands.getBias()}) {
      if (parameter) {
        reads.push_back({parameter, {axes.last}});
      }
    }
    return l.map(reads, l.sizes(input), getResultElement(op),
                 [&](ValueRange e) {
                   Value y = normalize(l, l.s.sub(e[0], e[1]), e[2], eps);
                   y = operands.getWeight() ? l.s.mul(e[3], y) : y;
                   return operands.getBias() ? l.s.add(y, e.back()) : y;
                 });
  }
};
} // namespace

void qeff::populateQEffNormToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  patterns.add<RMSNormPattern, LayerNormPattern>(patterns.getContext(),
                                                 options);
}
