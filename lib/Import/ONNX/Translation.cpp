// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-translate --import-onnx and --verify-roundtrip.

#include "qeff/Import/ONNX.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"

#include "llvm/Support/SourceMgr.h"

using namespace qeff;

/// The path of the input; its bytes are read by the importer, not from here.
static StringRef getInputPath(llvm::SourceMgr &sources) {
  return sources.getMemoryBuffer(sources.getMainFileID())
      ->getBufferIdentifier();
}

void qeff::registerONNXTranslations() {
  static mlir::TranslateRegistration verify(
      "verify-roundtrip", "import an ONNX model, export it, and compare",
      [](const std::shared_ptr<llvm::SourceMgr> &sources, raw_ostream &output,
         MLIRContext *context) {
        context->printOpOnDiagnostic(false);
        return verifyONNXRoundTrip(context, getInputPath(*sources),
                                   output);
      });
  static mlir::TranslateToMLIRRegistration import(
      "import-onnx", "import an ONNX model",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        FailureOr<OwningOpRef<ModuleOp>> module =
            importONNX(context, getInputPath(sources));
        return OwningOpRef<Operation *>(failed(module) ? ModuleOp()
                                                       : module->release());
      },
      [](mlir::DialectRegistry &registry) {
        registry.insert<QEffDialect, onnxir::ONNXIRDialect,
                        mlir::func::FuncDialect>();
      });
}
