// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The importers as translations.

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Import/Import.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Tools/mlir-translate/Translation.h"

#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace qeff;

static void registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<QEffDialect, mlir::arith::ArithDialect,
                  mlir::func::FuncDialect>();
}

/// The path of the input; its bytes are read by the importer, not from here.
static StringRef getInputPath(llvm::SourceMgr &sources) {
  return sources.getMemoryBuffer(sources.getMainFileID())
      ->getBufferIdentifier();
}

static OwningOpRef<ModuleOp> importOrNull(MLIRContext *context,
                                          StringRef path) {
  FailureOr<OwningOpRef<ModuleOp>> module = importModel(context, path);
  return failed(module) ? nullptr : std::move(*module);
}

void qeff::registerImportTranslations() {
  static mlir::TranslateToMLIRRegistration huggingFace(
      "import-hf", "import a Hugging Face model, given its config.json",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        StringRef directory =
            llvm::sys::path::parent_path(getInputPath(sources));
        return OwningOpRef<Operation *>(
            importOrNull(context, directory.empty() ? "." : directory)
                .release());
      },
      registerDialects);
  static mlir::TranslateToMLIRRegistration gguf(
      "import-gguf", "import a GGUF file",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        return OwningOpRef<Operation *>(
            importOrNull(context, getInputPath(sources)).release());
      },
      registerDialects);
}
