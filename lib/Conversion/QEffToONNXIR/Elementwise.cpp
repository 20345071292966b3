// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// add, mul, activate, gate, clip, cast, scale, offset, softcap.

#include "Pattern.h"

#include <cmath>

using namespace qeff;

/// act(x) from standard operators.
static Value buildActivation(NodeBuilder &b, Activation kind, Value x) {
  Type type = getTensorType(x).getElementType();
  switch (kind) {
  case Activation::SiLU:
    return b.binary("Mul", x, b.unary("Sigmoid", x));
  case Activation::ReLU:
    return b.unary("Relu", x);
  case Activation::GELU: {
    Value scaled = b.binary("Mul", x, b.scalar(std::sqrt(0.5), type));
    Value sum = b.binary("Add", b.unary("Erf", scaled), b.scalar(1, type));
    return b.binary("Mul", b.binary("Mul", x, sum), b.scalar(0.5, type));
  }
  case Activation::GELUTanh: {
    // x·√(2/π)·(1 + 0.044715·x²): x³ alone would leave f16's range earlier.
    Value square = b.binary("Mul", x, x);
    Value scaled = b.binary("Mul", square, b.scalar(0.044715, type));
    Value factor = b.binary("Add", scaled, b.scalar(1, type));
    Value inner = b.binary("Mul", b.binary("Mul", x, factor),
                           b.scalar(std::sqrt(2 / M_PI), type));
    Value sum = b.binary("Add", b.unary("Tanh", inner), b.scalar(1, type));
    return b.binary("Mul", b.binary("Mul", x, sum), b.scalar(0.5, type));
  }
  case Activation::Tanh:
    return b.unary("Tanh", x);
  case Activation::Sigmoid:
    return b.unary("Sigmoid", x);
  case Activation::QuickGELU: {
    Value scaled = b.binary("Mul", x, b.scalar(1.702, type));
    return b.binary("Mul", x, b.unary("Sigmoid", scaled));
  }
  }
  return x;
}

namespace {
/// add and mul.
template <typename Op>
struct BinaryPattern : ONNXIRPattern<Op> {
  BinaryPattern(MLIRContext *context, const ONNXIRConversionOptions &options,
                StringRef opType)
      : ONNXIRPattern<Op>(context, options), opType(opType) {}

  LogicalResult
  matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = this->getBuilder(op, rewriter);
    Value lhs = this->getActivation(b, op.getLhs(), adaptor.getLhs(), "lhs");
    Value rhs = this->getActivation(b, op.getRhs(), adaptor.getRhs(), "rhs");
    rewriter.replaceOp(op, b.binary(opType, lhs, rhs));
    return success();
  }

  StringRef opType;
};

/// scale and offset: the number in the type of the graph.
struct ScalePattern : ONNXIRPattern<ScaleOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(ScaleOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = adaptor.getInput();
    rewriter.replaceOp(
        op, b.binary("Mul", x,
                     b.scalar(op.getFactor().convertToDouble(),
                              getTensorType(x).getElementType())));
    return success();
  }
};

struct OffsetPattern : ONNXIRPattern<OffsetOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(OffsetOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = adaptor.getInput();
    rewriter.replaceOp(
        op, b.binary("Add", x,
                     b.scalar(op.getValue().convertToDouble(),
                              getTensorType(x).getElementType())));
    return success();
  }
};

struct SoftcapPattern : ONNXIRPattern<SoftcapOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(SoftcapOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    Value cap = b.scalar(op.getCap().convertToDouble(),
                         getTensorType(x).getElementType());
    Value bounded = b.unary("Tanh", b.binary("Div", x, cap));
    rewriter.replaceOp(op, b.binary("Mul", bounded, cap));
    return success();
  }
};

struct ActivatePattern : ONNXIRPattern<ActivateOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(ActivateOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    rewriter.replaceOp(op, buildActivation(b, op.getKind(), x));
    return success();
  }
};

struct GatePattern : ONNXIRPattern<GateOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(GateOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value gate = getActivation(b, op.getGate(), adaptor.getGate(), "gate");
    Value up = getActivation(b, op.getUp(), adaptor.getUp(), "up");
    Value act = buildActivation(b, op.getKind(), gate);
    rewriter.replaceOp(op, b.binary("Mul", act, up));
    return success();
  }
};

struct ClipPattern : ONNXIRPattern<ClipOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(ClipOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    if (op.getKeepNegativeInfinity()) {
      return reject(rewriter, op,
                    "keep_negative_infinity is for weights only");
    }
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = adaptor.getInput();
    RankedTensorType type = getTensorType(x);
    // Bounds beyond the type's range limit nothing.
    double limit = type.getElementType().isF16() ? 65504.0 : INFINITY;
    double min = std::clamp(op.getMin().convertToDouble(), -limit, limit);
    double max = std::clamp(op.getMax().convertToDouble(), -limit, limit);
    rewriter.replaceOp(op, b.node("Clip",
                                  {x, b.scalar(min, type.getElementType()),
                                   b.scalar(max, type.getElementType())},
                                  type.getElementType(), type.getShape()));
    return success();
  }
};

struct CastPattern : mlir::OpConversionPattern<CastOp> {
  CastPattern(MLIRContext *context, const ONNXIRConversionOptions &options)
      : OpConversionPattern(context), options(options) {}

  LogicalResult
  matchAndRewrite(CastOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    Type target = getTensorType(op.getResult()).getElementType();
    if (target.isBF16()) {
      return reject(rewriter, op,
                    "AI 100 has no bf16 activations");
    }
    if (target.isF32()) {
      target = options.dtype;
    }
    NodeBuilder b(rewriter, op.getLoc(), "");
    rewriter.replaceOp(op, b.cast(adaptor.getInput(), target));
    return success();
  }

  ONNXIRConversionOptions options;
};
} // namespace

void qeff::populateQEffElementwiseToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  MLIRContext *context = patterns.getContext();
  patterns.add<BinaryPattern<AddOp>>(context, options, "Add");
  patterns.add<BinaryPattern<MulOp>>(context, options, "Mul");
  patterns.add<ActivatePattern, GatePattern, ClipPattern, CastPattern,
               ScalePattern, OffsetPattern, SoftcapPattern>(context, options);
}
