// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which states there are, and the layout that their readers want.

#include "StateTable.h"

#include "qeff/Conversion/QEffToHost/ArenaPlanner.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"

using namespace qeff;
using namespace qeff::host;
using mlir::func::FuncOp;

/// The layout that the attention wants that reads `state`: blocks of slots for
/// keys, rows for values.
static FailureOr<StateLayout> getLayout(BlockArgument state, StringAttr name) {
  bool isKey = false;
  bool isValue = false;
  auto visitRead = [&](Value cache) {
    for (Operation *user : cache.getUsers()) {
      auto read = dyn_cast<CacheReadOp>(user);
      if (!read) {
        continue;
      }
      for (OpOperand &use : read.getResult().getUses()) {
        if (auto attention = dyn_cast<AttentionOp>(use.getOwner())) {
          isKey |= use.get() == attention.getK();
          isValue |= use.get() == attention.getV();
        }
      }
    }
  };
  visitRead(state);
  for (Operation *user : state.getUsers()) {
    if (auto write = dyn_cast<CacheWriteOp>(user)) {
      visitRead(write.getResult());
    }
  }
  if (isKey && isValue) {
    return mlir::emitError(state.getLoc(), "expects state ")
           << name << " to hold keys or values, got both";
  }
  return isKey ? StateLayout::SlotBlocks : StateLayout::RowMajor;
}

LogicalResult StateTable::add(FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    if (!function.getArgAttr(index, kStateAttr) ||
        function.getArgAttr(index, kAdapterAttr)) {
      continue;
    }
    auto name = function.getArgAttrOfType<StringAttr>(index, kNameAttr);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!name) {
      return function.emitError("expects 'qeff.name' on the state argument ")
             << index;
    }
    if (!type || type.getRank() != 4 || !type.hasStaticShape() ||
        !type.getElementType().isF32() ||
        llvm::is_contained(type.getShape(), 0)) {
      return function.emitError("expects state ")
             << name << " to be a static f32 tensor [B, G, L, D], got "
             << argument.getType();
    }
    FailureOr<StateLayout> layout = getLayout(argument, name);
    if (failed(layout)) {
      return failure();
    }
    auto found = entries.find(name);
    if (found != entries.end()) {
      const Entry &first = found->second;
      if (first.type != type || first.layout != *layout) {
        return function.emitError("expects state ")
               << name << " to be the same in all functions, got " << first.type
               << " and " << type;
      }
      continue;
    }
    std::optional<int64_t> bytes = getStateSize(type, *layout);
    if (!bytes ||
        *bytes > std::numeric_limits<int64_t>::max() - kAlignment - end) {
      return function.emitError("expects state of less than 2^63 bytes, got ")
             << type;
    }
    entries.insert({name, {type, *layout, end, argument.getLoc()}});
    end = alignBytes(end + *bytes);
    if (end > kMaxMemory) {
      return function.emitError("expects states of at most ")
             << kMaxMemory << " bytes, got more with " << name
             << "; a smaller ctx-len or batch-size needs less";
    }
  }
  return success();
}

void StateTable::createOps(OpBuilder &builder) const {
  for (const auto &[name, state] : entries) {
    StateOp::create(builder, state.loc, name, mlir::TypeAttr::get(state.type),
                    StateLayoutAttr::get(builder.getContext(), state.layout),
                    builder.getI64IntegerAttr(state.offset));
  }
}
