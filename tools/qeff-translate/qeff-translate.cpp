// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-translate: models to and from the project's IR.

#include "qeff/InitAll.h"
#include "qeff/Translate/FileTranslation.h"

#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  if (std::optional<int> code = qeff::runFileTranslation(argc, argv)) {
    return *code;
  }
  qeff::registerAllTranslations();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "qeff model translator\n"));
}
