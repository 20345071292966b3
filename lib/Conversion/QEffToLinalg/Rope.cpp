// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// rope, rope_table.

#include "Pattern.h"

#include "qeff/Dialect/QEff/IR/Rope.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
namespace math = mlir::math;

/// The inverse frequencies as a constant [R/2].
static Value buildInverse(LoopBuilder &l, ArrayRef<float> inverse) {
  auto type = RankedTensorType::get({static_cast<int64_t>(inverse.size())},
                                    l.b.getF32Type());
  return mlir::arith::ConstantOp::create(l.b,
                                         DenseElementsAttr::get(type, inverse));
}

/// cos or sin of an angle times the attention factor, in a body.
static Value buildWave(LoopBuilder &l, Value angle, bool isSin, float factor) {
  Value wave = isSin ? math::SinOp::create(l.b, angle).getResult()
                     : math::CosOp::create(l.b, angle).getResult();
  return factor == 1 ? wave : l.s.mul(wave, l.f32(factor));
}

namespace {
/// The pairs are two slices, by the style next to each other or with a stride.
struct RopePattern : LinalgPattern<RopeOp> {
  using LinalgPattern::LinalgPattern;

  /// cos or sin at the positions, [B, S, R/2]; the same ops for every rope
  /// with the same parameters.
  Value buildRows(LoopBuilder &l, RopeOp op, Value positions,
                  bool isSin) const {
    int64_t count =
        options.ropePositions ? options.ropePositions : op.getMaxPosition();
    RopeFrequencies rope = computeRopeFrequencies(
        op.getTheta().convertToDouble(), op.getRotaryDim(),
        op.getMaxPosition(), op.getScaling().value_or(RopeScalingAttr()),
        count);
    SmallVector<OpFoldResult> sizes = l.sizes(positions);
    sizes.push_back(l.size(static_cast<int64_t>(rope.inverse.size())));
    return l.map({{positions, {0, 1}}, {buildInverse(l, rope.inverse), {2}}},
                 sizes, l.b.getF32Type(), [&](ValueRange e) {
                   Value angle = l.s.mul(l.toFloat(e[0]), e[1]);
                   return buildWave(l, angle, isSin, rope.attentionFactor);
                 });
  }

  FailureOr<Value> lower(LoopBuilder &l, RopeOp op,
                         OpAdaptor operands) const override {
    Value x = operands.getInput();
    int64_t half = static_cast<int64_t>(op.getRotaryDim()) / 2;
    bool isHalf = op.getStyle() == RopeStyle::Half;
    SmallVector<int64_t> strides = {1, 1, 1, isHalf ? 1 : 2};
    SmallVector<int64_t> first(4), second = {0, 0, 0, isHalf ? half : 1};
    SmallVector<OpFoldResult> sizes = l.sizes(x);
    sizes[3] = l.size(half);
    Value cos = buildRows(l, op, operands.getPositions(), false);
    Value sin = buildRows(l, op, operands.getPositions(), true);
    SmallVector<Read> reads = {
        {l.slice(x, first, sizes, strides), allLoops(4)},
        {l.slice(x, second, sizes, strides), allLoops(4)},
        {cos, {0, 2, 3}},
        {sin, {0, 2, 3}}};
    Value a = l.map(reads, sizes, getElementType(x), [&](ValueRange e) {
      return l.s.sub(l.s.mul(e[0], e[2]), l.s.mul(e[1], e[3]));
    });
    Value c = l.map(reads, sizes, getElementType(x), [&](ValueRange e) {
      return l.s.add(l.s.mul(e[1], e[2]), l.s.mul(e[0], e[3]));
    });
    return l.insertSlice(c, l.insertSlice(a, x, first, strides), second,
                         strides);
  }
};

struct RopeTablePattern : LinalgPattern<RopeTableOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, RopeTableOp op,
                         OpAdaptor) const override {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
    RopeFrequencies rope = computeRopeFrequencies(
        op.getTheta().convertToDouble(), columns, op.getMaxPosition(),
        op.getScaling().value_or(RopeScalingAttr()), rows);
    OpFoldResult sizes[] = {l.size(rows), l.size(columns / 2)};
    auto build = [&](bool isSin) {
      return l.map({{buildInverse(l, rope.inverse), {1}}}, sizes,
                   l.b.getF32Type(), [&](ValueRange e) {
                     Value angle = l.s.mul(l.toFloat(l.loopNumber(0)), e[0]);
                     return buildWave(l, angle, isSin, rope.attentionFactor);
                   });
    };
    Value result =
        l.empty({l.size(rows), l.size(columns)}, l.b.getF32Type());
    result = l.insertSlice(build(false), result, {0, 0});
    return l.insertSlice(build(true), result, {0, columns / 2});
  }
};
} // namespace

void qeff::populateQEffRopeToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  patterns.add<RopePattern, RopeTablePattern>(patterns.getContext(), options);
}
