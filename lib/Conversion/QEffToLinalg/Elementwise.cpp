// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// add, mul, softcap, activate, gate, cast, clip, scale, offset.

#include "Pattern.h"

#include "qeff/Weights/Convert.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace qeff;
namespace math = mlir::math;

/// x·σ(factor·x)
static Value buildSwish(LoopBuilder &l, Value x, double factor) {
  Value scaled = factor == 1 ? x : l.s.mul(x, l.f32(factor));
  Value power = math::ExpOp::create(l.b, l.s.neg(scaled));
  return l.s.div(x, l.s.add(l.f32(1), power), false);
}

/// 0.5·x·(1 + inner)
static Value buildHalf(LoopBuilder &l, Value x, Value inner) {
  return l.s.mul(l.s.mul(l.f32(0.5), x), l.s.add(l.f32(1), inner));
}

static Value buildGELUTanh(LoopBuilder &l, Value x) {
  Value cube = l.s.mul(l.s.mul(x, x), x);
  Value sum = l.s.add(x, l.s.mul(l.f32(0.044715), cube));
  Value scaled = l.s.mul(l.f32(0.7978845608028654), sum);
  return buildHalf(l, x, math::TanhOp::create(l.b, scaled));
}

Value qeff::buildActivation(LoopBuilder &l, Activation kind, Value x) {
  switch (kind) {
  case Activation::SiLU:
    return buildSwish(l, x, 1);
  case Activation::QuickGELU:
    return buildSwish(l, x, 1.702);
  case Activation::GELU:
    return buildHalf(
        l, x, math::ErfOp::create(l.b, l.s.mul(x, l.f32(0.7071067811865476))));
  case Activation::GELUTanh:
    return buildGELUTanh(l, x);
  case Activation::ReLU:
    return l.s.max(x, l.f32(0), false);
  case Activation::Tanh:
    return math::TanhOp::create(l.b, x);
  case Activation::Sigmoid: {
    Value power = math::ExpOp::create(l.b, l.s.neg(x));
    return l.s.div(l.f32(1), l.s.add(l.f32(1), power), false);
  }
  }
  return x;
}

namespace {
/// Two operands of the result's type.
template <typename Op>
struct BinaryPattern : LinalgPattern<Op> {
  using LinalgPattern<Op>::LinalgPattern;

  static Value compute(LoopBuilder &l, Op op, Value a, Value c) {
    if constexpr (std::is_same_v<Op, AddOp>) {
      return l.s.add(a, c);
    } else if constexpr (std::is_same_v<Op, MulOp>) {
      return l.s.mul(a, c);
    } else {
      return l.s.mul(buildActivation(l, op.getKind(), a), c);
    }
  }

  FailureOr<Value> lower(LoopBuilder &l, Op op,
                         typename Op::Adaptor operands) const override {
    Value first = operands.getOperands()[0];
    SmallVector<int64_t> loops = allLoops(getRank(first));
    return l.map({{first, loops}, {operands.getOperands()[1], loops}},
                 l.sizes(first), this->getResultElement(op),
                 [&](ValueRange e) { return compute(l, op, e[0], e[1]); });
  }
};

struct ActivatePattern : LinalgPattern<ActivateOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, ActivateOp op,
                         OpAdaptor operands) const override {
    return l.mapElements(
        operands.getInput(), getResultElement(op),
        [&](Value x) { return buildActivation(l, op.getKind(), x); });
  }
};

struct SoftcapPattern : LinalgPattern<SoftcapOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, SoftcapOp op,
                         OpAdaptor operands) const override {
    return l.mapElements(
        operands.getInput(), getResultElement(op), [&](Value x) {
          Value cap = l.f32(op.getCap().convertToDouble());
          Value inner = math::TanhOp::create(l.b, l.s.div(x, cap, false));
          return l.s.mul(cap, inner);
        });
  }
};

struct CastPattern : LinalgPattern<CastOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, CastOp op,
                         OpAdaptor operands) const override {
    return l.convert(operands.getInput(), getResultElement(op));
  }
};

/// The bounds are those that weights are clipped with.
struct ClipPattern : LinalgPattern<ClipOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, ClipOp op,
                         OpAdaptor operands) const override {
    Type element = getResultElement(op);
    FloatKind kind = element.isF16()    ? FloatKind::F16
                     : element.isBF16() ? FloatKind::BF16
                                        : FloatKind::F32;
    ClipBounds bounds(kind, op.getMin().convertToDouble(),
                      op.getMax().convertToDouble(),
                      op.getKeepNegativeInfinity());
    return l.mapElements(operands.getInput(), element, [&](Value x) {
      Value clipped = l.s.min(l.s.max(x, l.f32(bounds.min), false),
                              l.f32(bounds.max), false);
      if (!bounds.keepNegativeInfinity) {
        return clipped;
      }
      Value kept = l.f32(-std::numeric_limits<double>::infinity());
      return l.s.select(
          l.s.compare(onnxir::Compare::Equal, x, kept, false), x, clipped);
    });
  }
};

struct ScalePattern : LinalgPattern<ScaleOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, ScaleOp op,
                         OpAdaptor operands) const override {
    double factor = op.getFactor().convertToDouble();
    return l.mapElements(operands.getInput(), getResultElement(op),
                         [&](Value x) { return l.s.mul(x, l.f32(factor)); });
  }
};

struct OffsetPattern : LinalgPattern<OffsetOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, OffsetOp op,
                         OpAdaptor operands) const override {
    double value = op.getValue().convertToDouble();
    return l.mapElements(operands.getInput(), getResultElement(op),
                         [&](Value x) { return l.s.add(x, l.f32(value)); });
  }
};
} // namespace

void qeff::populateQEffElementwiseToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  patterns.add<BinaryPattern<AddOp>, BinaryPattern<MulOp>,
               BinaryPattern<GateOp>, ActivatePattern, SoftcapPattern,
               CastPattern, ClipPattern, ScalePattern, OffsetPattern>(
      patterns.getContext(), options);
}
