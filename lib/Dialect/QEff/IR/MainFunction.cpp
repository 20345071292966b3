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

bool qeff::isPlainGraph(ModuleOp module, FuncOp function) {
  if (!isFromONNX(module)) {
    return false;
  }
  auto hasArgument = [&](StringRef name) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto known = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
      if (known && known.getValue() == name) {
        return true;
      }
    }
    return false;
  };
  return !hasArgument("input_ids") || !hasArgument("position_ids") ||
         function.getBody().front().getOps<AttentionOp>().empty();
}
