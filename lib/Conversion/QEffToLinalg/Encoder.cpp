// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// iota, mask_positions, logits_select, pool.

#include "Pattern.h"

#include <limits>

using namespace qeff;
using onnxir::Compare;

Value qeff::buildLastIndex(LoopBuilder &l, Value positions) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  OpFoldResult rows = l.size(positions, 0);
  Value largest = l.fold({{positions, {0, 1}}}, rows, 1, l.i64(kLeast),
                         [&](Value most, ValueRange e) {
                           return l.s.max(most, e[0], false);
                         });
  return l.fold({{positions, {0, 1}}, {largest, {0}}}, rows, 1, l.i64(kMost),
                [&](Value first, ValueRange e) {
                  Value isLargest =
                      l.s.compare(Compare::Equal, e[0], e[1], false);
                  Value index = l.loopNumber(1);
                  return l.s.min(
                      first, l.s.select(isLargest, index, l.i64(kMost)), false);
                });
}

Value qeff::buildRowAt(LoopBuilder &l, Value input, Value index) {
  return l.map({{index, {0}}}, {l.size(input, 0), l.size(input, 2)},
               l.b.getF32Type(), [&](ValueRange e) {
                 Value at = l.s.toIndex(e[0], false);
                 return l.extract(input, {l.loop(0), at, l.loop(1)});
               });
}

namespace {
struct IotaPattern : LinalgPattern<IotaOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, IotaOp op,
                         OpAdaptor operands) const override {
    return l.map({}, l.sizes(operands.getInput()), getResultElement(op),
                 [&](ValueRange) { return l.loopNumber(1); });
  }
};

struct MaskPositionsPattern : LinalgPattern<MaskPositionsOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, MaskPositionsOp op,
                         OpAdaptor operands) const override {
    return l.mapElements(
        operands.getMask(), getResultElement(op), [&](Value mask) {
          Value keeps = l.s.compare(Compare::NotEqual, mask, l.i64(0), false);
          return l.s.select(keeps, l.loopNumber(1), l.i64(-1));
        });
  }
};

struct LogitsSelectPattern : LinalgPattern<LogitsSelectOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, LogitsSelectOp op,
                         OpAdaptor operands) const override {
    Value input = operands.getInput();
    Value index = buildLastIndex(l, operands.getPositions());
    return l.map({{buildRowAt(l, input, index), {0, 2}}},
                 {l.size(input, 0), l.size(1), l.size(input, 2)},
                 getResultElement(op), [](ValueRange e) { return e[0]; });
  }
};

struct PoolPattern : LinalgPattern<PoolOp> {
  using LinalgPattern::LinalgPattern;

  /// Over the entries with a position, from `init` on.
  static Value foldVisible(LoopBuilder &l, OpAdaptor operands, double init,
                           llvm::function_ref<Value(Value, Value)> combine) {
    Value input = operands.getInput();
    // Loops: row, channel, entry.
    SmallVector<Read> reads = {{input, {0, 2, 1}}};
    if (operands.getPositions()) {
      reads.push_back({operands.getPositions(), {0, 2}});
    }
    return l.fold(reads, {l.size(input, 0), l.size(input, 2)}, 1, l.f32(init),
                  [&](Value before, ValueRange e) {
                    Value next = combine(before, e[0]);
                    if (!operands.getPositions()) {
                      return next;
                    }
                    Value counts = l.s.compare(Compare::GreaterEqual, e[1],
                                               l.i64(0), false);
                    return l.s.select(counts, next, before);
                  });
  }

  static Value buildMean(LoopBuilder &l, OpAdaptor operands) {
    auto sumOf = [&](llvm::function_ref<Value(Value)> body) {
      return foldVisible(l, operands, 0, [&](Value sum, Value x) {
        return l.s.add(sum, body(x));
      });
    };
    Value sum = sumOf([](Value x) { return x; });
    Value count = sumOf([&](Value) { return l.f32(1); });
    return l.map({{sum, {0, 1}}, {count, {0, 1}}}, l.sizes(sum),
                 l.b.getF32Type(),
                 [&](ValueRange e) { return l.s.div(e[0], e[1], false); });
  }

  FailureOr<Value> lower(LoopBuilder &l, PoolOp op,
                         OpAdaptor operands) const override {
    Value input = operands.getInput();
    switch (op.getKind()) {
    case Pool::CLS:
      return l.map({}, {l.size(input, 0), l.size(input, 2)},
                   getResultElement(op), [&](ValueRange) {
                     return l.extract(input,
                                      {l.loop(0), l.s.index(0), l.loop(1)});
                   });
    case Pool::Last:
      return buildRowAt(l, input, buildLastIndex(l, operands.getPositions()));
    case Pool::Mean:
      return buildMean(l, operands);
    case Pool::Max:
      return foldVisible(l, operands, -std::numeric_limits<double>::infinity(),
                         [&](Value most, Value x) {
                           return l.s.max(most, x, false);
                         });
    }
    return reject(op, "expects a known kind");
  }
};
} // namespace

void qeff::populateQEffEncoderToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  patterns.add<IotaPattern, MaskPositionsPattern, LogitsSelectPattern,
               PoolPattern>(patterns.getContext(), options);
}
