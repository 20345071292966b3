// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cache_write, cache_positions, cache_read.

#include "Pattern.h"
#include "Slots.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <limits>

using namespace qeff;

/// An argument and an axis of it that has the dim `name`.
static std::optional<std::pair<Value, int64_t>>
findDim(Operation *op, FlatSymbolRefAttr name) {
  auto function = op->getParentOfType<mlir::func::FuncOp>();
  if (!function) {
    return std::nullopt;
  }
  for (BlockArgument argument : function.getArguments()) {
    auto dims = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                                     kDimsAttr);
    if (!dims) {
      continue;
    }
    for (auto [axis, dim] : llvm::enumerate(dims)) {
      if (dim == name) {
        return std::make_pair(Value(argument), static_cast<int64_t>(axis));
      }
    }
  }
  return std::nullopt;
}

FailureOr<Slots> qeff::buildSlots(OpBuilder &builder, CachePositionsOp op,
                                  Value positions) {
  auto dim = findDim(op, op.getSlotsAttr());
  if (!dim) {
    return failure();
  }
  NodeBuilder b(builder, op.getLoc(), "cache");
  Slots slots;
  slots.count = b.dim(dim->first, dim->second);
  slots.numbers = b.range(slots.count);
  Value last = b.node("ReduceMax", positions, builder.getI64Type(),
                      {getTensorType(positions).getDimSize(0), 1},
                      {b.attr("axes", ArrayRef<int64_t>{1}),
                       b.attr("keepdims", int64_t(1))});
  slots.invalid = b.compare("Greater", slots.numbers, last);
  return slots;
}

namespace {
/// CtxScatter. A position of −1 means the last slot there, which no query may
/// see before the token of that position overwrites it.
struct CacheWritePattern : ONNXIRPattern<CacheWriteOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(CacheWriteOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b = getBuilder(op, rewriter);
    Value cache = getActivation(b, op.getCache(), adaptor.getCache(), "cache");
    Value update =
        getActivation(b, op.getUpdate(), adaptor.getUpdate(), "update");
    RankedTensorType type = getTensorType(cache);
    rewriter.replaceOp(
        op, b.node("CtxScatter", {cache, adaptor.getPositions(), update},
                   type.getElementType(), type.getShape(), {}, kCloudDomain));
    return success();
  }
};

/// Where(slot beyond the row's last position, −1, slot).
struct CachePositionsPattern : ONNXIRPattern<CachePositionsOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(CachePositionsOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    FailureOr<Slots> slots = buildSlots(rewriter, op, adaptor.getPositions());
    if (failed(slots)) {
      return reject(rewriter, op,
                    "no argument has the dim");
    }
    NodeBuilder b(rewriter, op.getLoc(), "cache");
    rewriter.replaceOp(op, b.where(slots->invalid, b.i64(-1), slots->numbers));
    return success();
  }
};

/// CtxGather at the slot numbers, with an index that no slot has where a slot
/// holds nothing: the card does not read there.
struct CacheReadPattern : ONNXIRPattern<CacheReadOp> {
  using ONNXIRPattern::ONNXIRPattern;

  FailureOr<Slots> getSlots(CacheReadOp op, Value cache, Value positions,
                            mlir::ConversionPatternRewriter &rewriter) const {
    if (auto source =
            op.getSlotPositions().getDefiningOp<CachePositionsOp>()) {
      return buildSlots(rewriter, source,
                        rewriter.getRemappedValue(source.getPositions()));
    }
    NodeBuilder b(rewriter, op.getLoc(), "cache");
    Slots slots;
    slots.count = b.dim(cache, 2);
    slots.numbers = b.range(slots.count);
    slots.invalid = b.compare("Less", positions, b.i64(0));
    return slots;
  }

  LogicalResult
  matchAndRewrite(CacheReadOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    Value cache = adaptor.getCache();
    FailureOr<Slots> slots =
        getSlots(op, cache, adaptor.getSlotPositions(), rewriter);
    if (failed(slots)) {
      return reject(rewriter, op,
                    "no argument has the dim");
    }
    NodeBuilder shared(rewriter, op.getLoc(), "cache");
    Value none = shared.initializer(
        "qeff.invalid_slot",
        DenseElementsAttr::get(
            RankedTensorType::get({}, rewriter.getI64Type()),
            static_cast<int64_t>(std::numeric_limits<int32_t>::max())));
    Value indices = shared.unsqueeze(
        shared.where(slots->invalid, none, slots->numbers), 1);
    NodeBuilder b = getBuilder(op, rewriter);
    RankedTensorType type = getTensorType(cache);
    Value result =
        b.node("CtxGather", {cache, indices, slots->count},
               type.getElementType(), type.getShape(), {}, kCloudDomain);
    // What was not read is undefined. Keys are hidden by the mask; anything
    // else must be 0, since 0 times a NaN is a NaN.
    bool keys = llvm::all_of(op->getUses(), [&](OpOperand &use) {
      auto attention = dyn_cast<AttentionOp>(use.getOwner());
      return attention && attention.getK() == op.getResult() &&
             attention.getV() != op.getResult() && attention.getCausal();
    });
    if (!keys) {
      Value invalid = shared.unsqueeze(slots->invalid, {1, 3});
      result = b.where(invalid, b.scalar(0, type.getElementType()), result);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};
} // namespace

void qeff::populateQEffStateToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  patterns.add<CacheWritePattern, CachePositionsPattern, CacheReadPattern>(
      patterns.getContext(), options);
}
