// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the pipelines of the phase table.

#include "PhaseRunner.h"

#include "qeff/InitAll.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

#include <mutex>

using namespace qeff;

void qeff::registerPassesOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    mlir::registerTransformsPasses();
    registerAllPasses();
  });
}

LogicalResult qeff::runPhase(ModuleOp module, const PhaseInfo &phase,
                             const PipelineOptions &options) {
  FailureOr<std::string> text =
      getPipelineText(phase.after, phase.phase, options);
  mlir::PassManager pm(module.getContext(), ModuleOp::getOperationName());
  std::string message;
  llvm::raw_string_ostream os(message);
  if (failed(text) || failed(mlir::parsePassPipeline(*text, pm, os))) {
    return mlir::emitError(mlir::UnknownLoc::get(module.getContext()))
           << "pipeline: " << message;
  }
  return pm.run(module);
}
