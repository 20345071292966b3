// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-translate --import-onnx and --verify-roundtrip.

#include "qeff/Import/ONNX.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"

#include "qeff/Target/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace qeff;

/// The path of the input; its bytes are read by the importer, not from here.
static StringRef getInputPath(llvm::SourceMgr &sources) {
  return sources.getMemoryBuffer(sources.getMainFileID())
      ->getBufferIdentifier();
}

/// Imports and exports the model at `path` and compares.
static LogicalResult verifyRoundTrip(MLIRContext *context, StringRef path,
                                     StringRef folder) {
  FailureOr<OwningOpRef<ModuleOp>> module = importONNX(context, path);
  if (failed(module)) {
    return failure();
  }
  SmallString<256> copy(folder);
  llvm::sys::path::append(copy, "model.onnx");
  EvaluatorOptions options;
  StringRef source = llvm::sys::path::parent_path(path);
  options.roots["model"] = source.empty() ? "." : source.str();
  if (failed(exportONNX(**module, copy, options))) {
    return failure();
  }
  return compareONNX(context, path, copy);
}

static LogicalResult verifyRoundTrip(MLIRContext *context, StringRef path,
                                     raw_ostream &output) {
  SmallString<256> folder;
  if (std::error_code error =
          llvm::sys::fs::createUniqueDirectory("qeff-roundtrip", folder)) {
    return mlir::emitError(mlir::FileLineColLoc::get(context, path, 0, 0))
           << "cannot make a temporary folder: " << error.message();
  }
  LogicalResult result = verifyRoundTrip(context, path, folder);
  (void)llvm::sys::fs::remove_directories(folder);
  if (succeeded(result)) {
    output << path << ": the same after import and export\n";
  }
  return result;
}

void qeff::registerONNXTranslations() {
  static mlir::TranslateRegistration verify(
      "verify-roundtrip", "import an ONNX model, export it, and compare",
      [](const std::shared_ptr<llvm::SourceMgr> &sources, raw_ostream &output,
         MLIRContext *context) {
        context->printOpOnDiagnostic(false);
        return verifyRoundTrip(context, getInputPath(*sources), output);
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
