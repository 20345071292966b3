// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-fuse-adapters: adapters become part of the weights, or inputs.

#include "AdapterFusion.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Transforms/Passes.h"

namespace qeff {
#define GEN_PASS_DEF_FUSEADAPTERSPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

ModuleAttr qeff::getModuleAttr(Operation *op) {
  if (!isa<LinearOp, EmbeddingOp, RMSNormOp, LayerNormOp>(op)) {
    return {};
  }
  return dyn_cast_if_present<ModuleAttr>(
      op->getInherentAttr("module").value_or(Attribute()));
}

ModuleOps qeff::collectModuleOps(FuncOp function) {
  ModuleOps modules;
  for (Operation &op : function.getBody().front()) {
    if (ModuleAttr module = getModuleAttr(&op)) {
      modules[module.getPath()].push_back(&op);
    }
  }
  return modules;
}

int64_t qeff::getLinearOutputs(ArrayRef<Operation *> parts) {
  int64_t outputs = 0;
  for (Operation *op : parts) {
    auto linear = dyn_cast<LinearOp>(op);
    if (!linear) {
      return 0;
    }
    auto type = cast<RankedTensorType>(linear.getWeight().getType());
    auto runs = linear.getModuleAttr().getRuns(type.getDimSize(0));
    if (runs.empty()) {
      return 0;
    }
    outputs = std::max(outputs, runs.back().first + runs.back().second);
  }
  return outputs;
}

bool qeff::areConsecutive(ArrayRef<Operation *> parts) {
  return llvm::all_of(parts, [](Operation *op) {
    return getModuleAttr(op).getRun() == 0;
  });
}

/// Erases `adapters`, and the weights and files that they alone used.
static void eraseAdapters(ModuleOp module, ArrayRef<AdapterOp> adapters) {
  SymbolTable symbols(module);
  llvm::SetVector<Operation *> weights;
  llvm::SetVector<Operation *> files;
  for (AdapterOp adapter : adapters) {
    adapter.walk([&](Operation *op) {
      for (NamedAttribute attribute : op->getAttrs()) {
        if (auto name = dyn_cast<FlatSymbolRefAttr>(attribute.getValue())) {
          weights.insert(symbols.lookup(name.getAttr()));
        }
      }
    });
    symbols.erase(adapter);
  }
  auto eraseUnused = [&](const llvm::SetVector<Operation *> &candidates) {
    SymbolTableCollection collection;
    mlir::SymbolUserMap users(collection, module);
    for (Operation *op : candidates) {
      if (users.useEmpty(op)) {
        if (auto weight = dyn_cast<WeightOp>(op)) {
          files.insert(symbols.lookup(weight.getFile()));
        }
        symbols.erase(op);
      }
    }
  };
  eraseUnused(weights);
  eraseUnused(llvm::SetVector<Operation *>(files));
}

namespace {
struct FuseAdaptersPass
    : public qeff::impl::FuseAdaptersPassBase<FuseAdaptersPass> {
  using FuseAdaptersPassBase::FuseAdaptersPassBase;

  void runOnOperation() override {
    if (failed(fuse(getOperation()))) {
      signalPassFailure();
    }
  }

  LogicalResult fuse(ModuleOp module) {
    if (mode != "merge" && mode != "swap") {
      return module.emitError("expects mode merge or swap, got '")
             << mode << "'";
    }
    if (maxLoRARank < 0) {
      return module.emitError("expects max-lora-rank >= 0, got ")
             << maxLoRARank.getValue();
    }
    SmallVector<AdapterOp> adapters(module.getOps<AdapterOp>());
    if (mode == "merge" && adapters.empty()) {
      return success();
    }
    FailureOr<FuncOp> function = findMainFunction(module);
    if (failed(function)) {
      return failure();
    }
    if (failed(mode == "merge"
                   ? mergeAdapters(*function, adapters)
                   : swapAdapters(*function, adapters, maxLoRARank))) {
      return failure();
    }
    eraseAdapters(module, adapters);
    return success();
  }
};
} // namespace
