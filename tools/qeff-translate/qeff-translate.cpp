// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-translate: models to and from the project's IR.

#include "qeff/InitAll.h"
#include "qeff/Translate/FileTranslation.h"

#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

/// What --help begins with, before LLVM's own options.
static const char *const helpText =
    R"(imports models as modules, exports modules as files

  qeff-translate --import-hf MODEL/config.json -o model.mlir
  qeff-translate --import-gguf model.gguf -o model.mlir
  qeff-translate --import-onnx model.onnx -o model.mlir
  qeff-translate --verify-roundtrip model.onnx
  qeff-translate --export-host host.mlir --root=model=MODEL --package=OUT
  qeff-translate --export-aic100 aic100.mlir --root=model=MODEL --package=OUT

qeff-compile does all of it in one command. Most options below are LLVM's; see
'Translations to perform', --root, --package and --onnx-data.
)";

int main(int argc, char **argv) {
  if (std::optional<int> code = qeff::runFileTranslation(argc, argv)) {
    return *code;
  }
  qeff::registerAllTranslations();
  return mlir::failed(mlir::mlirTranslateMain(argc, argv, helpText));
}
