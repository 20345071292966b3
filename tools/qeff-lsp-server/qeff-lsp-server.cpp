// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-lsp-server: MLIR's language server with the project's dialects, for
// editors that open .mlir files.

#include "qeff/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

#include "llvm/Support/LogicalResult.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  qeff::registerAllDialects(registry);
  return llvm::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
