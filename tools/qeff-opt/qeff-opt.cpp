// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-opt: mlir-opt with the project's dialects and passes.

#include "qeff/InitAll.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/Support/CommandLine.h"

/// What --help begins with, before MLIR's own options.
static const char *const helpText =
    R"(runs passes and pipelines on a module

  qeff-compile MODEL --compile-to=canonical -o model.mlir
  qeff-opt model.mlir --qeff-to-host=ctx-len=1024 -o host.mlir

Most options below are MLIR's; the pipelines to a phase are --qeff-to-<phase>.
)";

/// An error names its place; the module, with all of its weights' names, is
/// printed where --mlir-print-op-on-diagnostic asks for it.
static void keepDiagnosticsShort() {
  mlir::registerMLIRContextCLOptions();
  auto &options = llvm::cl::getRegisteredOptions();
  auto option = options.find("mlir-print-op-on-diagnostic");
  if (option != options.end()) {
    static_cast<llvm::cl::opt<bool> *>(option->second)->setInitialValue(false);
  }
}

int main(int argc, char **argv) {
  keepDiagnosticsShort();
  mlir::DialectRegistry registry;
  qeff::registerAllDialects(registry);
  qeff::registerAllPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, helpText, registry));
}
