// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// split_heads, merge_heads, and slice and concat of activations.

#include "Pattern.h"

using namespace qeff;

namespace {
struct SplitHeadsPattern : ONNXIRPattern<SplitHeadsOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(SplitHeadsOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    ArrayRef<int64_t> shape = getTensorType(op.getResult()).getShape();
    Value heads = b.reshape(x, {0, 0, shape[1], shape[3]},
                            {shape[0], shape[2], shape[1], shape[3]});
    rewriter.replaceOp(op, b.transpose(heads, {0, 2, 1, 3}));
    return success();
  }
};

struct MergeHeadsPattern : ONNXIRPattern<MergeHeadsOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(MergeHeadsOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    ArrayRef<int64_t> shape = getTensorType(op.getResult()).getShape();
    Value rows = b.transpose(x, {0, 2, 1, 3});
    rewriter.replaceOp(op, b.reshape(rows, {0, 0, shape[2]}, shape));
    return success();
  }
};

struct SlicePattern : mlir::OpConversionPattern<SliceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(SliceOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b(rewriter, op.getLoc(), "");
    Value x = adaptor.getInput();
    ArrayRef<int64_t> shape = getTensorType(op.getResult()).getShape();
    ArrayRef<int64_t> whole = getTensorType(op.getInput()).getShape();
    for (auto [axis, offset] : llvm::enumerate(op.getOffsets())) {
      if (shape[axis] != whole[axis]) {
        x = b.slice(x, axis, offset, offset + shape[axis]);
      }
    }
    rewriter.replaceOp(op, x);
    return success();
  }
};

struct ConcatPattern : ONNXIRPattern<ConcatOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(ConcatOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b(rewriter, op.getLoc(), "");
    SmallVector<Value> inputs;
    for (auto [original, converted] :
         llvm::zip(op.getInputs(), adaptor.getInputs())) {
      inputs.push_back(getActivation(b, original, converted, "input"));
    }
    rewriter.replaceOp(op, b.concat(inputs, op.getAxis()));
    return success();
  }
};
} // namespace

void qeff::populateQEffShapeToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  patterns.add<SplitHeadsPattern, MergeHeadsPattern, ConcatPattern>(
      patterns.getContext(), options);
  patterns.add<SlicePattern>(patterns.getContext());
}
