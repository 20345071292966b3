// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cache_write, cache_positions, cache_read. A state is an argument and a
// result.

#include "Pattern.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace qeff;
using onnxir::Compare;
namespace scf = mlir::scf;
namespace tensor = mlir::tensor;

namespace {
/// Writes row by row; a position that is no slot is left out.
struct CacheWritePattern : LinalgPattern<CacheWriteOp> {
  using LinalgPattern::LinalgPattern;

  /// `cache` with [b, :, position, :] from [b, :, s, :] of `update`.
  static Value writeSlot(LoopBuilder &l, Value cache, Value update,
                         ValueRange at, Value position) {
    SmallVector<OpFoldResult> sizes = l.sizes(update);
    sizes[0] = sizes[2] = l.size(1);
    SmallVector<OpFoldResult> strides(4, l.size(1));
    SmallVector<OpFoldResult> from = {at[0], l.size(0), at[1], l.size(0)};
    SmallVector<OpFoldResult> to = {at[0], l.size(0), position, l.size(0)};
    Value row =
        tensor::ExtractSliceOp::create(l.b, update, from, sizes, strides);
    return tensor::InsertSliceOp::create(l.b, row, cache, to, sizes, strides);
  }

  FailureOr<Value> lower(LoopBuilder &l, CacheWriteOp op,
                         OpAdaptor operands) const override {
    Value cache = operands.getCache(), positions = operands.getPositions();
    Value update = l.convert(operands.getUpdate(), getElementType(cache));
    Value slots = l.indexOf(l.size(cache, 2));
    Value zero = l.s.index(0), one = l.s.index(1);
    scf::LoopNest nest = scf::buildLoopNest(
        l.b, op.getLoc(), {zero, zero},
        {l.indexOf(l.size(positions, 0)), l.indexOf(l.size(positions, 1))},
        {one, one}, ValueRange(cache),
        [&](OpBuilder &builder, Location loc, ValueRange at,
            ValueRange caches) -> scf::ValueVector {
          LoopBuilder inner(builder, loc);
          Value position =
              inner.s.toIndex(inner.extract(positions, at), false);
          Value isSlot = mlir::arith::CmpIOp::create(
              inner.b, mlir::arith::CmpIPredicate::ult, position, slots);
          auto write = scf::IfOp::create(
              builder, loc, isSlot,
              [&](OpBuilder &then, Location thenLoc) {
                LoopBuilder body(then, thenLoc);
                scf::YieldOp::create(
                    then, thenLoc,
                    writeSlot(body, caches[0], update, at, position));
              },
              [&](OpBuilder &otherwise, Location otherLoc) {
                scf::YieldOp::create(otherwise, otherLoc, caches[0]);
              });
          return {write.getResult(0)};
        });
    return nest.results[0];
  }
};

/// The size of the dim `name`, from an argument that has it.
FailureOr<OpFoldResult> findSize(LoopBuilder &l, Operation *op,
                                 FlatSymbolRefAttr name) {
  auto function = op->getParentOfType<mlir::func::FuncOp>();
  if (!function) {
    return failure();
  }
  for (BlockArgument argument : function.getArguments()) {
    auto dims = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                                     kDimsAttr);
    if (!dims) {
      continue;
    }
    for (auto [axis, dim] : llvm::enumerate(dims)) {
      if (dim == name) {
        return l.size(argument, static_cast<int64_t>(axis));
      }
    }
  }
  return failure();
}

struct CachePositionsPattern : LinalgPattern<CachePositionsOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, CachePositionsOp op,
                         OpAdaptor operands) const override {
    Value positions = operands.getPositions();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    FailureOr<OpFoldResult> slots = l.size(type.getDimSize(1));
    if (type.isDynamicDim(1)) {
      slots = findSize(l, op, op.getSlotsAttr());
    }
    if (failed(slots)) {
      return reject(op, "expects an argument with the dim '" + op.getSlots() +
                            "', got none");
    }
    OpFoldResult rows = l.size(positions, 0);
    Value last = l.fold({{positions, {0, 1}}}, rows, 1,
                        l.i64(std::numeric_limits<int64_t>::min()),
                        [&](Value most, ValueRange e) {
                          return l.s.max(most, e[0], false);
                        });
    return l.map({{last, {0}}}, {rows, *slots}, l.b.getI64Type(),
                 [&](ValueRange e) {
                   Value slot = l.loopNumber(1);
                   Value holds =
                       l.s.compare(Compare::LessEqual, slot, e[0], false);
                   return l.s.select(holds, slot, l.i64(-1));
                 });
  }
};

struct CacheReadPattern : LinalgPattern<CacheReadOp> {
  using LinalgPattern::LinalgPattern;

  FailureOr<Value> lower(LoopBuilder &l, CacheReadOp op,
                         OpAdaptor operands) const override {
    Value cache = operands.getCache();
    return l.map({{cache, allLoops(4)}, {operands.getSlotPositions(), {0, 2}}},
                 l.sizes(cache), getElementType(cache), [&](ValueRange e) {
                   Value holds = l.s.compare(Compare::GreaterEqual, e[1],
                                             l.i64(0), false);
                   return l.s.select(holds, e[0], l.f32(0));
                 });
  }
};
} // namespace

void qeff::populateQEffStateToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  patterns.add<CacheWritePattern, CachePositionsPattern, CacheReadPattern>(
      patterns.getContext(), options);
}
