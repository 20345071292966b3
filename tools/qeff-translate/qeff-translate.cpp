// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-translate: models to and from the project's IR.

#include "qeff/InitAll.h"

#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  qeff::registerAllTranslations();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "qeff model translator\n"));
}
