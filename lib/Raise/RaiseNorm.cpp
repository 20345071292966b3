// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-norm. A normalization is built up from its core:
//
//   x / sqrt(mean(x²) + eps)                   an rms_norm without a weight
//   that of x − mean(x)                        a layer_norm
//   that times a weight, plus a bias           with these
//
// so that every order and spelling of the steps is one of a few patterns.

#include "ModuleNames.h"
#include "WeightSource.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace qeff {
#define GEN_PASS_DEF_RAISENORMPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;

//===----------------------------------------------------------------------===//
// The core
//===----------------------------------------------------------------------===//

static StringAttr getScope(Operation *op) {
  return op->getAttrOfType<StringAttr>("scope");
}

/// `value` before casts between floats.
static Value skipCasts(Value value) {
  while (auto cast = value.getDefiningOp<onnxir::CastOp>()) {
    if (!isa<FloatType>(
            mlir::getElementTypeOrSelf(cast.getInput().getType())) ||
        !isa<FloatType>(mlir::getElementTypeOrSelf(cast.getType()))) {
      break;
    }
    value = cast.getInput();
  }
  return value;
}

/// x where `value` is the mean of x along the last axis, else null.
static Value matchMean(Value value) {
  auto mean = skipCasts(value).getDefiningOp<onnxir::ReduceMeanOp>();
  if (!mean || mean.getKeepdims() != 1) {
    return {};
  }
  auto type = dyn_cast<RankedTensorType>(mean.getData().getType());
  std::optional<SmallVector<int64_t>> axes =
      isa<mlir::NoneType>(mean.getAxes().getType())
          ? std::nullopt
          : getIntegers(mean.getAxes());
  if (!type || !axes || axes->size() != 1 ||
      (axes->front() != -1 && axes->front() != type.getRank() - 1)) {
    return {};
  }
  return mean.getData();
}

/// x where `value` is x², else null.
static Value matchSquare(Value value) {
  value = skipCasts(value);
  if (auto pow = value.getDefiningOp<onnxir::PowOp>()) {
    std::optional<double> exponent = getSplat(pow.getY());
    std::optional<SmallVector<int64_t>> integer = getIntegers(pow.getY());
    bool isTwo = exponent ? *exponent == 2
                          : integer && integer->size() == 1 &&
                                integer->front() == 2;
    return isTwo ? skipCasts(pow.getX()) : Value();
  }
  auto mul = value.getDefiningOp<onnxir::MulOp>();
  return mul && mul.getA() == mul.getB() ? skipCasts(mul.getA()) : Value();
}

/// x and eps where `value` is mean(x²) + eps.
static Value matchMeanSquare(Value value, double &eps) {
  auto add = skipCasts(value).getDefiningOp<onnxir::AddOp>();
  if (!add) {
    return {};
  }
  for (auto [a, b] : {std::pair(add.getA(), add.getB()),
                      std::pair(add.getB(), add.getA())}) {
    std::optional<double> constant = getSplat(b);
    Value square = constant ? matchMean(a) : Value();
    if (Value x = square ? matchSquare(square) : Value()) {
      eps = *constant;
      return x;
    }
  }
  return {};
}

/// x where `value` is sqrt(mean(x²) + eps).
static Value matchRoot(Value value, double &eps) {
  value = skipCasts(value);
  if (auto sqrt = value.getDefiningOp<onnxir::SqrtOp>()) {
    return matchMeanSquare(sqrt.getX(), eps);
  }
  auto pow = value.getDefiningOp<onnxir::PowOp>();
  return pow && getSplat(pow.getY()) == 0.5 ? matchMeanSquare(pow.getX(), eps)
                                            : Value();
}

/// x where `value` is 1 / sqrt(mean(x²) + eps).
static Value matchInverseRoot(Value value, double &eps) {
  value = skipCasts(value);
  if (auto reciprocal = value.getDefiningOp<onnxir::ReciprocalOp>()) {
    return matchRoot(reciprocal.getX(), eps);
  }
  if (auto div = value.getDefiningOp<onnxir::DivOp>()) {
    return getSplat(div.getA()) == 1.0 ? matchRoot(div.getB(), eps) : Value();
  }
  auto pow = value.getDefiningOp<onnxir::PowOp>();
  return pow && getSplat(pow.getY()) == -0.5 ? matchMeanSquare(pow.getX(), eps)
                                             : Value();
}

static RankedTensorType getNormType(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() >= 2 && !type.isDynamicDim(type.getRank() - 1) &&
                 isa<FloatType>(type.getElementType())
             ? type
             : RankedTensorType();
}

static Value createOnes(OpBuilder &builder, Location loc, int64_t size) {
  auto type = RankedTensorType::get({size}, builder.getF32Type());
  return mlir::arith::ConstantOp::create(builder, loc,
                                         DenseElementsAttr::get(type, 1.0f));
}

/// Replaces `op`, x times the inverse root of its mean square.
static LogicalResult replaceCore(PatternRewriter &rewriter, Operation *op,
                                 Value x, double eps) {
  RankedTensorType type = getNormType(op->getResult(0));
  if (!type || x.getType() != type || !(eps >= 0)) {
    return rewriter.notifyMatchFailure(op, "types differ or eps is negative");
  }
  Value ones = createOnes(rewriter, op->getLoc(), type.getShape().back());
  rewriter.replaceOpWithNewOp<RMSNormOp>(op, type, x, ones,
                                         rewriter.getF64FloatAttr(eps),
                                         ModuleAttr(), getScope(op));
  return success();
}

namespace {
struct CoreOfMul : mlir::OpRewritePattern<onnxir::MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(onnxir::MulOp op,
                                PatternRewriter &rewriter) const override {
    for (auto [a, b] : {std::pair(op.getA(), op.getB()),
                        std::pair(op.getB(), op.getA())}) {
      double eps = 0;
      Value x = matchInverseRoot(b, eps);
      if (x && x == skipCasts(a)) {
        return replaceCore(rewriter, op, x, eps);
      }
    }
    return rewriter.notifyMatchFailure(op, "is no normalization");
  }
};

struct CoreOfDiv : mlir::OpRewritePattern<onnxir::DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(onnxir::DivOp op,
                                PatternRewriter &rewriter) const override {
    double eps = 0;
    Value x = matchRoot(op.getB(), eps);
    if (!x || x != skipCasts(op.getA())) {
      return rewriter.notifyMatchFailure(op, "is no normalization");
    }
    return replaceCore(rewriter, op, x, eps);
  }
};

//===----------------------------------------------------------------------===//
// Mean, weight, bias
//===----------------------------------------------------------------------===//

/// rms_norm(x − mean(x)) is a layer_norm.
struct CenteredNorm : mlir::OpRewritePattern<RMSNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RMSNormOp op,
                                PatternRewriter &rewriter) const override {
    auto sub = op.getInput().getDefiningOp<onnxir::SubOp>();
    Value x = sub ? matchMean(sub.getB()) : Value();
    if (!x || x != sub.getA() || x.getType() != op.getType()) {
      return rewriter.notifyMatchFailure(op, "the input is not centered");
    }
    bool isPlain = getSplat(op.getWeight()) == 1.0;
    rewriter.replaceOpWithNewOp<LayerNormOp>(
        op, op.getType(), x, isPlain ? Value() : op.getWeight(), Value(),
        op.getEpsAttr(), op.getModuleAttr(), op.getScopeAttr());
    return success();
  }
};

/// Whether `value` is a float vector of `size` weights.
static bool isVector(Value value, int64_t size) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return isWeight(value) && type.getNumElements() == size &&
         (type.getRank() == 0 || type.getShape().back() == size);
}

/// A float vector of `size` weights, or null. Nothing is built where it is null.
static Value matchVector(OpBuilder &builder, Value value, int64_t size) {
  if (!isVector(value, size)) {
    return {};
  }
  auto type = cast<RankedTensorType>(value.getType());
  Value weight = getWeight(builder, value);
  return type.getRank() == 1
             ? weight
             : ReshapeOp::create(builder, value.getLoc(), type.clone({size}),
                                 weight);
}

struct ScaledNorm : mlir::OpRewritePattern<onnxir::MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(onnxir::MulOp op,
                                PatternRewriter &rewriter) const override {
    for (auto [a, b] : {std::pair(op.getA(), op.getB()),
                        std::pair(op.getB(), op.getA())}) {
      Operation *norm = skipCasts(a).getDefiningOp();
      RankedTensorType type = getNormType(op.getResult());
      if (!type || !norm || norm->getNumResults() != 1 ||
          norm->getResult(0).getType() != type) {
        continue;
      }
      auto rms = dyn_cast<RMSNormOp>(norm);
      auto layer = dyn_cast<LayerNormOp>(norm);
      if (!(rms && getSplat(rms.getWeight()) == 1.0) &&
          !(layer && !layer.getWeight() && !layer.getBias())) {
        continue;
      }
      Value weight = matchVector(rewriter, b, type.getShape().back());
      if (!weight) {
        continue;
      }
      if (rms) {
        rewriter.replaceOpWithNewOp<RMSNormOp>(op, type, rms.getInput(),
                                               weight, rms.getEpsAttr(),
                                               getNormModule(op, b),
                                               getScope(op));
      } else {
        rewriter.replaceOpWithNewOp<LayerNormOp>(
            op, type, layer.getInput(), weight, Value(), layer.getEpsAttr(),
            getNormModule(op, b), getScope(op));
      }
      return success();
    }
    return rewriter.notifyMatchFailure(op, "scales no normalization");
  }
};

struct BiasedNorm : mlir::OpRewritePattern<onnxir::AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(onnxir::AddOp op,
                                PatternRewriter &rewriter) const override {
    for (auto [a, b] : {std::pair(op.getA(), op.getB()),
                        std::pair(op.getB(), op.getA())}) {
      auto norm = skipCasts(a).getDefiningOp<LayerNormOp>();
      if (!norm || norm.getBias() || norm.getType() != op.getType()) {
        continue;
      }
      auto type = cast<RankedTensorType>(norm.getType());
      if (Value bias = matchVector(rewriter, b, type.getShape().back())) {
        rewriter.replaceOpWithNewOp<LayerNormOp>(
            op, type, norm.getInput(), norm.getWeight(), bias,
            norm.getEpsAttr(), norm.getModuleAttr(), getScope(op));
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "is no bias of a normalization");
  }
};

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// Whether a normalization's `axis` is the last one of `type`.
static bool isLastAxis(int64_t axis, RankedTensorType type) {
  return axis == -1 || axis == type.getRank() - 1;
}

template <typename Op>
struct RMSOperator : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getNormType(op->getResult(0));
    if (!type || !isLastAxis(op.getAxis(), type) ||
        op->getOperand(0).getType() != type) {
      return rewriter.notifyMatchFailure(op, "is not of the last axis");
    }
    for (Value result : op->getResults().drop_front()) {
      if (!result.use_empty()) {
        return rewriter.notifyMatchFailure(op, "has further results");
      }
    }
    Value weight =
        matchVector(rewriter, op->getOperand(1), type.getShape().back());
    if (!weight) {
      return rewriter.notifyMatchFailure(op, "the scale is no weight");
    }
    auto norm = RMSNormOp::create(
        rewriter, op.getLoc(), type, op->getOperand(0), weight,
        rewriter.getF64FloatAttr(op.getEpsilon()),
        getNormModule(op, op->getOperand(1)), getScope(op));
    rewriter.replaceAllUsesWith(op->getResult(0), norm);
    rewriter.eraseOp(op);
    return success();
  }
};

struct LayerOperator : mlir::OpRewritePattern<onnxir::LayerNormalizationOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(onnxir::LayerNormalizationOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = getNormType(op.getY());
    if (!type || !isLastAxis(op.getAxis(), type) ||
        op.getX().getType() != type || !op.getMean().use_empty() ||
        !op.getInvStdDev().use_empty()) {
      return rewriter.notifyMatchFailure(op, "is not of the last axis alone");
    }
    int64_t size = type.getShape().back();
    bool hasBias = !isa<mlir::NoneType>(op.getB().getType());
    if (!isVector(op.getScale(), size) ||
        (hasBias && !isVector(op.getB(), size))) {
      return rewriter.notifyMatchFailure(op, "scale or bias is no weight");
    }
    Value weight = matchVector(rewriter, op.getScale(), size);
    Value bias = hasBias ? matchVector(rewriter, op.getB(), size) : Value();
    auto norm = LayerNormOp::create(
        rewriter, op.getLoc(), type, op.getX(), weight, bias,
        rewriter.getF64FloatAttr(op.getEpsilon()),
        getNormModule(op, op.getScale()), getScope(op));
    rewriter.replaceAllUsesWith(op.getY(), norm);
    rewriter.eraseOp(op);
    return success();
  }
};

struct RaiseNorm : qeff::impl::RaiseNormPassBase<RaiseNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<CoreOfMul, CoreOfDiv, CenteredNorm, ScaledNorm, BiasedNorm,
                 RMSOperator<onnxir::RMSNormalizationOp>,
                 RMSOperator<onnxir::SimplifiedLayerNormalizationOp>,
                 LayerOperator>(&getContext());
    // What a graph that is too long for the driver keeps is no error.
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};
} // namespace
