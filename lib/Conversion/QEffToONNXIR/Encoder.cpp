// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// iota, mask_positions, pool.

#include "Pattern.h"

using namespace qeff;

namespace {
/// Where(mask = 0, −1, position).
struct MaskPositionsPattern : ONNXIRPattern<MaskPositionsOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(MaskPositionsOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b(rewriter, op.getLoc(), "positions");
    Value mask = adaptor.getMask();
    Value hidden = b.compare("Equal", mask, b.i64(0));
    rewriter.replaceOp(op, b.where(hidden, b.i64(-1), b.range(b.dim(mask, 1))));
    return success();
  }
};

struct IotaPattern : ONNXIRPattern<IotaOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(IotaOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b(rewriter, op.getLoc(), "positions");
    Value input = adaptor.getInput();
    Type i64Type = rewriter.getI64Type();
    Value shape = b.node("Shape", input, i64Type, 2);
    rewriter.replaceOp(op, b.node("Expand", {b.range(b.dim(input, 1)), shape},
                                  i64Type, getTensorType(input).getShape()));
    return success();
  }
};

/// Sums and maxima in f32.
struct PoolPattern : ONNXIRPattern<PoolOp> {
  using ONNXIRPattern::ONNXIRPattern;

  /// The mean of all rows, or of those that `visible` [B, S, 1] keeps.
  static Value buildMean(NodeBuilder &b, Value x, Value visible,
                         ArrayRef<int64_t> shape, bool standard) {
    Type f32 = getTensorType(x).getElementType();
    if (!visible) {
      return b.reduce("ReduceMean", x, 1, /*keepDims=*/false, standard);
    }
    auto sum = [&](Value value, ArrayRef<int64_t> result) {
      return b.node("ReduceSum", {value, b.i64s({1})}, f32, result,
                    b.attr("keepdims", int64_t(0)));
    };
    Value weights = b.cast(visible, f32);
    Value count = b.binary("Max", sum(weights, {shape[0], 1}),
                           b.scalar(1, f32));
    return b.binary("Div", sum(b.binary("Mul", x, weights), shape), count);
  }

  static Value buildMax(NodeBuilder &b, Value x, Value visible,
                        bool standard) {
    Type f32 = getTensorType(x).getElementType();
    if (visible) {
      Value lowest = b.scalar(-65504.0, f32);
      x = b.node("Where", {visible, x, lowest}, f32,
                 getTensorType(x).getShape());
    }
    return b.reduce("ReduceMax", x, 1, /*keepDims=*/false, standard);
  }

  /// The row of the largest position, as logits_select has it.
  static Value buildLast(NodeBuilder &b, Value x, Value positions,
                         ArrayRef<int64_t> shape) {
    Value last = b.node("ArgMax",
                        b.cast(positions, b.getBuilder().getI32Type()),
                        b.getBuilder().getI64Type(), {shape[0], 1},
                        {b.attr("axis", int64_t(1)),
                         b.attr("keepdims", int64_t(1)),
                         b.attr("select_last_index", int64_t(0))});
    return b.node("GatherND", {x, last}, getTensorType(x).getElementType(),
                  shape, b.attr("batch_dims", int64_t(1)));
  }

  LogicalResult
  matchAndRewrite(PoolOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    Type type = getTensorType(x).getElementType();
    ArrayRef<int64_t> shape = getTensorType(op.getResult()).getShape();
    if (op.getKind() == Pool::CLS) {
      rewriter.replaceOp(op, b.gather(x, b.i64(0), 1));
      return success();
    }
    if (op.getKind() == Pool::Last) {
      rewriter.replaceOp(op, buildLast(b, x, adaptor.getPositions(), shape));
      return success();
    }
    Value visible;
    if (op.getPositions()) {
      visible = b.compare("GreaterOrEqual",
                          b.unsqueeze(adaptor.getPositions(), 2), b.i64(0));
    }
    Value wide = b.cast(x, rewriter.getF32Type());
    Value result = op.getKind() == Pool::Mean
                       ? buildMean(b, wide, visible, shape, options.standard)
                       : buildMax(b, wide, visible, options.standard);
    rewriter.replaceOp(op, b.cast(result, type));
    return success();
  }
};
} // namespace

void qeff::populateQEffEncoderToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  patterns.add<MaskPositionsPattern, IotaPattern, PoolPattern>(
      patterns.getContext(), options);
}
