// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Translations of `qeff-translate` that open their input by its path.

#include "qeff/Translate/FileTranslation.h"

#include "qeff/Import/Import.h"
#include "qeff/Import/ONNX.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/FileUtilities.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace qeff;

namespace {
using ImportFn = FailureOr<OwningOpRef<ModuleOp>> (*)(MLIRContext *,
                                                      StringRef);

struct FileTranslation {
  StringRef flag;
  StringRef description;
  LogicalResult (*run)(MLIRContext *, StringRef path, raw_ostream &output);
};
} // namespace

/// Imports and prints.
template <ImportFn import>
static LogicalResult runImport(MLIRContext *context, StringRef path,
                               raw_ostream &output) {
  FailureOr<OwningOpRef<ModuleOp>> module = import(context, path);
  if (failed(module)) {
    return failure();
  }
  (*module)->getOperation()->print(output);
  return success();
}

static FailureOr<OwningOpRef<ModuleOp>> importGGUF(MLIRContext *context,
                                                   StringRef path) {
  return importModel(context, path);
}

/// `path` is that of a config.json; the model is its folder.
static FailureOr<OwningOpRef<ModuleOp>>
importHuggingFace(MLIRContext *context, StringRef path) {
  StringRef directory = llvm::sys::path::parent_path(path);
  return importModel(context, directory.empty() ? "." : directory);
}

static const FileTranslation translations[] = {
    {"import-hf", "import a Hugging Face model, given its config.json",
     runImport<importHuggingFace>},
    {"import-gguf", "import a GGUF file", runImport<importGGUF>},
    {"import-onnx", "import an ONNX model", runImport<importONNX>},
    {"verify-roundtrip", "import an ONNX model, export it, and compare",
     verifyONNXRoundTrip},
};

static const FileTranslation *findTranslation(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    StringRef argument = argv[i];
    if (!argument.consume_front("-")) {
      continue;
    }
    argument.consume_front("-");
    for (const FileTranslation &translation : translations) {
      if (argument == translation.flag) {
        return &translation;
      }
    }
  }
  return nullptr;
}

static int run(const FileTranslation &translation, StringRef input,
               StringRef output) {
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> file =
      mlir::openOutputFile(output, &error);
  if (!file) {
    llvm::errs() << error << "\n";
    return 1;
  }
  MLIRContext context;
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  if (failed(translation.run(&context, input, file->os()))) {
    return 1;
  }
  file->keep();
  return 0;
}

std::optional<int> qeff::runFileTranslation(int argc, char **argv) {
  const FileTranslation *translation = findTranslation(argc, argv);
  if (!translation) {
    return std::nullopt;
  }
  llvm::InitLLVM initLLVM(argc, argv);
  llvm::cl::opt<std::string> input(llvm::cl::Positional, llvm::cl::Required,
                                   llvm::cl::desc("<input file>"));
  llvm::cl::opt<std::string> output("o", llvm::cl::desc("Output filename"),
                                    llvm::cl::value_desc("filename"),
                                    llvm::cl::init("-"));
  llvm::cl::opt<bool> flag(translation->flag,
                           llvm::cl::desc(translation->description));
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  llvm::cl::ParseCommandLineOptions(argc, argv, "qeff model translator\n");
  return run(*translation, input, output);
}
