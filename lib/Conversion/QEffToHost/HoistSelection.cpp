// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moves the selection of the last position as far up as the graph allows, so
// that what follows runs on one position for each row of the batch.

#include "HoistSelection.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;
using namespace qeff::host;
using mlir::func::FuncOp;

/// Each position of the result depends on that position of the operands that
/// `forEachRowOperand` visits, and on weights.
static bool isPositionwise(Operation *op) {
  return isa<LinearOp, LoRAOp, RMSNormOp, LayerNormOp, AddOp, MulOp,
             ActivateOp, GateOp, ClipOp, ScaleOp, OffsetOp, SoftcapOp>(op) &&
         cast<ShapedType>(op->getResult(0).getType()).getRank() == 3;
}

static void forEachRowOperand(Operation *op,
                              llvm::function_ref<void(OpOperand &)> visit) {
  unsigned count = isa<AddOp, MulOp, GateOp, LoRAOp>(op) ? 2 : 1;
  for (OpOperand &operand : op->getOpOperands().take_front(count)) {
    visit(operand);
  }
}

void host::hoistSelection(FuncOp function) {
  Block &body = function.getBody().front();
  SmallVector<LogitsSelectOp> selects(body.getOps<LogitsSelectOp>());
  // The values of which more than the selected position is needed.
  llvm::DenseSet<Value> needed;
  for (Operation &op : llvm::reverse(body)) {
    if (isa<LogitsSelectOp>(op) && selects.size() == 1) {
      continue;
    }
    if (op.getNumResults() == 1 && isPositionwise(&op) &&
        !needed.contains(op.getResult(0))) {
      continue;
    }
    needed.insert(op.operand_begin(), op.operand_end());
  }
  if (selects.size() != 1) {
    return;
  }
  LogitsSelectOp select = selects.front();

  // Ops in front of the selection whose results nothing else needs, from the
  // selected value up; then rebuilt on selected rows, in the order they have.
  llvm::DenseSet<Operation *> tail;
  SmallVector<Value> stack{select.getInput()};
  while (!stack.empty()) {
    Operation *op = stack.pop_back_val().getDefiningOp();
    if (!op || !isPositionwise(op) || needed.contains(op->getResult(0)) ||
        !tail.insert(op).second) {
      continue;
    }
    forEachRowOperand(op,
                      [&](OpOperand &operand) { stack.push_back(operand.get()); });
  }
  if (tail.empty()) {
    return;
  }
  llvm::DenseMap<Value, Value> selected;
  OpBuilder builder(select);
  auto getSelected = [&](Value value) -> Value {
    Value &entry = selected[value];
    if (!entry) {
      auto type = cast<RankedTensorType>(value.getType());
      entry = LogitsSelectOp::create(
          builder, select.getLoc(),
          RankedTensorType::get({type.getDimSize(0), 1, type.getDimSize(2)},
                                type.getElementType()),
          value, select.getPositions(), select.getScopeAttr());
    }
    return entry;
  };
  for (Operation &op : llvm::make_early_inc_range(body)) {
    if (!tail.contains(&op)) {
      continue;
    }
    Operation *clone = op.clone();
    forEachRowOperand(clone, [&](OpOperand &operand) {
      operand.set(getSelected(operand.get()));
    });
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    clone->getResult(0).setType(RankedTensorType::get(
        {type.getDimSize(0), 1, type.getDimSize(2)}, type.getElementType()));
    builder.insert(clone);
    selected[op.getResult(0)] = clone->getResult(0);
  }
  select.getResult().replaceAllUsesWith(selected.lookup(select.getInput()));
  select.erase();
}
