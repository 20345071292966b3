// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// embedding, linear, lora, lora_merge.

#include "Pattern.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
namespace math = mlir::math;

Value qeff::buildProduct(LoopBuilder &l, Value input, Value weight) {
  int64_t rank = getRank(input);
  SmallVector<OpFoldResult> sizes = l.sizes(input);
  sizes.back() = l.size(weight, 0);
  // Loops: the result's axes, then the one that is summed over.
  SmallVector<int64_t> loops = allLoops(rank);
  loops.back() = rank;
  return l.contract({input, loops}, {weight, {rank - 1, rank}}, sizes);
}

namespace {
/// Ids are clamped to the table.
struct EmbeddingPattern : LinalgPattern<EmbeddingOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, EmbeddingOp op,
                         OpAdaptor operands) const override {
    Value table = operands.getTable();
    Value last = l.s.subIndex(l.indexOf(l.size(table, 0)), l.s.index(1));
    SmallVector<OpFoldResult> sizes = l.sizes(operands.getIds());
    sizes.push_back(l.size(table, 1));
    return l.map({{operands.getIds(), {0, 1}}}, sizes, getResultElement(op),
                 [&](ValueRange elements) {
                   Value row = l.s.toIndex(elements[0], false);
                   row = mlir::arith::MinSIOp::create(l.b, row, last);
                   row = mlir::arith::MaxSIOp::create(l.b, row, l.s.index(0));
                   return l.extract(table, {row, l.loop(2)});
                 });
  }
};

struct LinearPattern : LinalgPattern<LinearOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, LinearOp op,
                         OpAdaptor operands) const override {
    Value product =
        buildProduct(l, operands.getInput(), operands.getWeight());
    if (!operands.getBias()) {
      return product;
    }
    int64_t rank = getRank(product);
    return l.map({{product, allLoops(rank)}, {operands.getBias(), {rank - 1}}},
                 l.sizes(product), getResultElement(op),
                 [&](ValueRange e) { return l.s.add(e[0], e[1]); });
  }
};

struct LoRAPattern : LinalgPattern<LoRAOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, LoRAOp op,
                         OpAdaptor operands) const override {
    Value base = operands.getBase();
    int64_t rank = getRank(base);
    Value rows = l.slice(
        operands.getB(), {static_cast<int64_t>(op.getRow()), 0},
        {l.size(base, rank - 1), l.size(operands.getB(), 1)});
    Value low = buildProduct(l, operands.getInput(), operands.getA());
    Value change = buildProduct(l, low, rows);
    return l.map({{base, allLoops(rank)},
                  {change, allLoops(rank)},
                  {operands.getScaling(), {kBroadcast}}},
                 l.sizes(base), getResultElement(op), [&](ValueRange e) {
                   return l.s.add(e[0], l.s.mul(e[2], e[1]));
                 });
  }
};

struct LoRAMergePattern : LinalgPattern<LoRAMergeOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, LoRAMergeOp op,
                         OpAdaptor operands) const override {
    Value weight = operands.getWeight();
    SmallVector<OpFoldResult> sizes = l.sizes(weight);
    Value change = l.fold(
        {{operands.getB(), {0, 2}}, {operands.getA(), {2, 1}}}, sizes, 1,
        l.f32(0), [&](Value sum, ValueRange e) -> Value {
          return math::FmaOp::create(l.b, e[0], e[1], sum);
        });
    double scaling = op.getScaling().convertToDouble();
    Type f32 = l.b.getF32Type();
    Value merged = l.map({{weight, {0, 1}}, {change, {0, 1}}}, sizes,
                         operands.getMagnitude() ? f32 : getResultElement(op),
                         [&](ValueRange e) -> Value {
                           return math::FmaOp::create(l.b, l.f32(scaling), e[1],
                                                      e[0]);
                         });
    if (!operands.getMagnitude()) {
      return merged;
    }
    Value squares = l.contract({merged, {0, 1}}, {merged, {0, 1}}, sizes[0]);
    return l.map({{merged, {0, 1}},
                  {squares, {0}},
                  {operands.getMagnitude(), {0}}},
                 sizes, getResultElement(op), [&](ValueRange e) {
                   Value length = math::SqrtOp::create(l.b, e[1]);
                   return l.s.div(l.s.mul(e[2], e[0]), length, false);
                 });
  }
};
} // namespace

void qeff::populateQEffLinearToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  patterns.add<EmbeddingPattern, LinearPattern, LoRAPattern, LoRAMergePattern>(
      patterns.getContext(), options);
}
