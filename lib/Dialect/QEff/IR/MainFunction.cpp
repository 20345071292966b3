// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function of a module that is the model.

#include "qeff/Dialect/QEff/IR/MainFunction.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;
using mlir::func::FuncOp;

FailureOr<FuncOp> qeff::findMainFunction(ModuleOp module) {
  FuncOp found;
  for (FuncOp function : module.getOps<FuncOp>()) {
    if (!function.isPublic() || function.isExternal()) {
      continue;
    }
    if (found) {
      InFlightDiagnostic diagnostic =
          function.emitError("expects one public function, got a second");
      diagnostic.attachNote(found.getLoc()) << "the first is here";
      return diagnostic;
    }
    found = function;
  }
  if (!found) {
    return module.emitError("expects a public function with a body, got none");
  }
  if (!found.getBody().hasOneBlock()) {
    return found.emitError("expects a function of one block, got ")
           << found.getBody().getBlocks().size();
  }
  return found;
}

bool qeff::isFromONNX(ModuleOp module) {
  return module->hasAttr("onnxir.ir_version");
}

BlockArgument qeff::findArgument(FuncOp function, StringRef name) {
  for (BlockArgument argument : function.getArguments()) {
    auto attribute = function.getArgAttrOfType<StringAttr>(
        argument.getArgNumber(), kNameAttr);
    if (attribute && attribute.getValue() == name) {
      return argument;
    }
  }
  return {};
}

/// The linear layer that `value` comes from by first operands.
static LinearOp findLastLinear(Value value) {
  while (value) {
    Operation *op = value.getDefiningOp();
    if (auto linear = dyn_cast_if_present<LinearOp>(op)) {
      return linear;
    }
    if (auto lora = dyn_cast_if_present<LoRAOp>(op)) {
      value = lora.getBase();
    } else {
      value = op && op->getNumOperands() ? op->getOperand(0) : Value();
    }
  }
  return {};
}

Operation *qeff::findHead(FuncOp function) {
  Operation *terminator = function.getBody().front().getTerminator();
  LinearOp linear = terminator->getNumOperands()
                        ? findLastLinear(terminator->getOperand(0))
                        : LinearOp();
  auto getRows = [](Value weight) {
    return cast<RankedTensorType>(weight.getType()).getDimSize(0);
  };
  bool isHead =
      linear && llvm::any_of(function.getOps<EmbeddingOp>(), [&](auto op) {
        return getRows(op.getTable()) == getRows(linear.getWeight());
      });
  return isHead ? linear.getOperation() : nullptr;
}

bool qeff::isPlainGraph(ModuleOp module, FuncOp function) {
  if (!findArgument(function, "position_ids")) {
    return true;
  }
  bool isONNX = isFromONNX(module);
  if (isONNX && !findArgument(function, "input_ids")) {
    return true;
  }
  auto attentions = function.getOps<AttentionOp>();
  if (attentions.empty()) {
    return isONNX;
  }
  return llvm::none_of(attentions,
                       [](AttentionOp op) { return op.getCausal(); });
}
