// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float conversions and roundings that a target has no instruction for.

#include "MathExpansion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;
namespace math = mlir::math;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static Value integer(OpBuilder &b, Location loc, Type type, int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
}

namespace {
/// f64 to 16 bits by way of f32, rounded to odd so that nothing is rounded
/// twice.
struct TruncateTwicePattern : public mlir::OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getIn().getType().isF64() ||
        op.getType().getIntOrFloatBitWidth() != 16) {
      return failure();
    }
    Location loc = op.getLoc();
    Type f32 = rewriter.getF32Type(), i32 = rewriter.getI32Type();
    Value x = op.getIn();
    Value near = arith::TruncFOp::create(rewriter, loc, f32, x);
    Value back = arith::ExtFOp::create(rewriter, loc, x.getType(), near);
    Value isBeyond = arith::CmpFOp::create(
        rewriter, loc, CmpFPredicate::OGT,
        math::AbsFOp::create(rewriter, loc, back),
        math::AbsFOp::create(rewriter, loc, x));
    Value isInexact = arith::CmpFOp::create(rewriter, loc, CmpFPredicate::ONE,
                                            back, x);
    Value bits = arith::BitcastOp::create(rewriter, loc, i32, near);
    Value less = arith::SubIOp::create(rewriter, loc, bits,
                                       integer(rewriter, loc, i32, 1));
    bits = arith::SelectOp::create(rewriter, loc, isBeyond, less, bits);
    Value odd = arith::OrIOp::create(rewriter, loc, bits,
                                     integer(rewriter, loc, i32, 1));
    bits = arith::SelectOp::create(rewriter, loc, isInexact, odd, bits);
    Value rounded = arith::BitcastOp::create(rewriter, loc, f32, bits);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), rounded);
    return success();
  }
};

/// f16 to f32: exponent and fraction moved into place, the exponent rebiased by
/// a multiplication that makes denormals right as well.
struct ExtendHalfPattern : public mlir::OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getIn().getType().isF16() || !op.getType().isF32()) {
      return failure();
    }
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type i32 = b.getI32Type(), f32 = b.getF32Type();
    auto bits = [&](int64_t value) {
      return integer(b, b.getLoc(), i32, value);
    };
    Value raw = arith::ExtUIOp::create(
        b, i32, arith::BitcastOp::create(b, b.getI16Type(), op.getIn()));
    Value magnitude = arith::AndIOp::create(b, raw, bits(0x7fff));
    Value moved = arith::BitcastOp::create(
        b, f32, arith::ShLIOp::create(b, magnitude, bits(13)));
    Value scaled = arith::MulFOp::create(
        b, moved,
        arith::ConstantOp::create(b, b.getF32FloatAttr(0x1p112f)));
    Value value = arith::BitcastOp::create(b, i32, scaled);
    Value isSpecial = arith::CmpIOp::create(b, CmpIPredicate::uge, magnitude,
                                            bits(0x7c00));
    Value special = arith::OrIOp::create(b, value, bits(0x7f800000));
    value = arith::SelectOp::create(b, isSpecial, special, value);
    Value sign = arith::ShLIOp::create(
        b, arith::AndIOp::create(b, raw, bits(0x8000)), bits(16));
    Value joined = arith::OrIOp::create(b, value, sign);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, f32, joined);
    return success();
  }
};

/// f32 to f16, to the nearest, ties to even.
struct TruncateHalfPattern : public mlir::OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getIn().getType().isF32() || !op.getType().isF16()) {
      return failure();
    }
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type i32 = b.getI32Type(), f32 = b.getF32Type();
    auto bits = [&](int64_t value) {
      return integer(b, b.getLoc(), i32, value);
    };
    auto isAtLeast = [&](Value a, int64_t limit) -> Value {
      return arith::CmpIOp::create(b, CmpIPredicate::uge, a, bits(limit));
    };
    Value raw = arith::BitcastOp::create(b, i32, op.getIn());
    Value magnitude = arith::AndIOp::create(b, raw, bits(0x7fffffff));
    // Normal numbers: the exponent rebiased, half of the last place added.
    Value odd = arith::AndIOp::create(
        b, arith::ShRUIOp::create(b, magnitude, bits(13)), bits(1));
    Value normal = arith::AddIOp::create(b, magnitude, bits(0xc8000fff));
    normal = arith::ShRUIOp::create(b, arith::AddIOp::create(b, normal, odd),
                                    bits(13));
    // Denormals: an addition moves the fraction's end to the right place.
    Value half = arith::ConstantOp::create(b, b.getF32FloatAttr(0.5f));
    Value sum = arith::AddFOp::create(
        b, arith::BitcastOp::create(b, f32, magnitude), half);
    Value small = arith::SubIOp::create(
        b, arith::BitcastOp::create(b, i32, sum), bits(0x3f000000));
    Value special = arith::SelectOp::create(
        b, isAtLeast(magnitude, 0x7f800001), bits(0x7e00), bits(0x7c00));
    Value result = arith::SelectOp::create(
        b, isAtLeast(magnitude, 0x47800000), special,
        arith::SelectOp::create(b, isAtLeast(magnitude, 0x38800000), normal,
                                small));
    Value sign = arith::AndIOp::create(
        b, arith::ShRUIOp::create(b, raw, bits(16)), bits(0x8000));
    Value joined = arith::TruncIOp::create(
        b, b.getI16Type(), arith::OrIOp::create(b, result, sign));
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), joined);
    return success();
  }
};

/// a·b + c with two roundings.
struct FusePattern : public mlir::OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
};

/// Roundings to integral numbers by adding and taking away 2^23 or 2^52.
struct RoundPattern : public mlir::RewritePattern {
  explicit RoundPattern(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<math::RoundEvenOp, math::FloorOp, math::CeilOp, math::TruncOp>(
            op) ||
        !isa<FloatType>(op->getResult(0).getType())) {
      return failure();
    }
    ImplicitLocOpBuilder b(op->getLoc(), rewriter);
    Type type = op->getResult(0).getType();
    Value x = op->getOperand(0);
    auto number = [&](double value) -> Value {
      return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
    };
    auto compare = [&](CmpFPredicate predicate, Value a, Value c) -> Value {
      return arith::CmpFOp::create(b, predicate, a, c);
    };
    Value limit = number(type.isF64() ? 0x1p52 : 0x1p23);
    Value magnitude = math::AbsFOp::create(b, x);
    Value nearest = arith::SubFOp::create(
        b, arith::AddFOp::create(b, magnitude, limit), limit);
    if (isa<math::TruncOp>(op)) {
      nearest = arith::SelectOp::create(
          b, compare(CmpFPredicate::OGT, nearest, magnitude),
          arith::SubFOp::create(b, nearest, number(1)), nearest);
    }
    Value result = math::CopySignOp::create(b, nearest, x);
    if (isa<math::FloorOp, math::CeilOp>(op)) {
      bool isFloor = isa<math::FloorOp>(op);
      Value moved = arith::AddFOp::create(b, result,
                                          number(isFloor ? -1 : 1));
      Value isPast = compare(isFloor ? CmpFPredicate::OGT : CmpFPredicate::OLT,
                             result, x);
      result = arith::SelectOp::create(b, isPast, moved, result);
    }
    // What is that large is integral; infinities and NaN stay.
    Value isSmall = compare(CmpFPredicate::OLT, magnitude, limit);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isSmall, result, x);
    return success();
  }
};
} // namespace

void host::populateFloatPatterns(RewritePatternSet &patterns,
                                 const KernelTarget &target) {
  MLIRContext *context = patterns.getContext();
  patterns.add<TruncateTwicePattern>(context);
  if (!target.hasF16C()) {
    patterns.add<ExtendHalfPattern, FusePattern, RoundPattern,
                 TruncateHalfPattern>(context);
  }
}
