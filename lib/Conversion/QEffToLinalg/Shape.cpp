// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// split_heads, merge_heads, transpose, reshape, permute_rows, slice, concat.

#include "Pattern.h"

using namespace qeff;

namespace {
struct SplitHeadsPattern : LinalgPattern<SplitHeadsOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, SplitHeadsOp op,
                         OpAdaptor operands) const override {
    int64_t heads = op.getType().getDimSize(1);
    return l.transpose(l.splitAxis(operands.getInput(), 2, heads),
                       {0, 2, 1, 3});
  }
};

struct MergeHeadsPattern : LinalgPattern<MergeHeadsOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, MergeHeadsOp op,
                         OpAdaptor operands) const override {
    return l.mergeAxes(l.transpose(operands.getInput(), {0, 2, 1, 3}), 2);
  }
};

struct TransposePattern : LinalgPattern<TransposeOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, TransposeOp op,
                         OpAdaptor operands) const override {
    return l.transpose(operands.getInput(), op.getPermutation());
  }
};

struct ReshapePattern : LinalgPattern<ReshapeOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, ReshapeOp op,
                         OpAdaptor operands) const override {
    return l.reshape(operands.getInput(), op.getType().getShape());
  }
};

/// Rows as [heads, D/2, 2], interleaved, or [heads, 2, D/2].
struct PermuteRowsPattern : LinalgPattern<PermuteRowsOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, PermuteRowsOp op,
                         OpAdaptor operands) const override {
    auto type = cast<RankedTensorType>(op.getInput().getType());
    if (!type.hasStaticShape()) {
      return reject(op, "expects a static tensor");
    }
    int64_t heads = op.getHeads();
    int64_t half = type.getDimSize(0) / heads / 2;
    bool isPaired = op.getOrder() == RowOrder::Deinterleave;
    SmallVector<int64_t> shape = {heads, isPaired ? half : 2,
                                  isPaired ? 2 : half};
    llvm::append_range(shape, type.getShape().drop_front());
    SmallVector<int64_t> permutation =
        allLoops(static_cast<int64_t>(shape.size()));
    std::swap(permutation[1], permutation[2]);
    Value swapped =
        l.transpose(l.reshape(operands.getInput(), shape), permutation);
    return l.reshape(swapped, type.getShape());
  }
};

struct SlicePattern : LinalgPattern<SliceOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, SliceOp op,
                         OpAdaptor operands) const override {
    SmallVector<OpFoldResult> sizes = l.sizes(operands.getInput());
    auto type = cast<RankedTensorType>(op.getResult().getType());
    for (auto [size, known] : llvm::zip(sizes, type.getShape())) {
      if (!ShapedType::isDynamic(known)) {
        size = l.size(known);
      }
    }
    return l.slice(operands.getInput(), op.getOffsets(), sizes);
  }
};

struct ConcatPattern : LinalgPattern<ConcatOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, ConcatOp op,
                         OpAdaptor operands) const override {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    auto axis = static_cast<int64_t>(op.getAxis());
    SmallVector<OpFoldResult> sizes = l.sizes(operands.getInputs()[0]);
    sizes[axis] = l.size(type.getDimSize(axis));
    Value result = l.empty(sizes, type.getElementType());
    SmallVector<int64_t> offsets(type.getRank());
    for (Value input : operands.getInputs()) {
      result = l.insertSlice(input, result, offsets);
      offsets[axis] += cast<RankedTensorType>(input.getType()).getDimSize(axis);
    }
    return result;
  }
};
} // namespace

void qeff::populateQEffShapeToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  patterns.add<SplitHeadsPattern, MergeHeadsPattern, TransposePattern,
               ReshapePattern, PermuteRowsPattern, SlicePattern, ConcatPattern>(
      patterns.getContext(), options);
}
