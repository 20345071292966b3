// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-opt: mlir-opt with the project's dialects and passes.

#include "qeff/InitAll.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  qeff::registerAllDialects(registry);
  qeff::registerAllPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "qeff optimizer driver\n", registry));
}
