// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-translate --export-onnx, --export-aic100 and --export-host.

#include "qeff/Target/Translation.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"
#include "qeff/Target/AIC100.h"
#include "qeff/Target/Host/Package.h"
#include "qeff/Target/ONNX.h"
#include "qeff/Target/OutputDirectory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace qeff;

namespace {
struct CommandLine {
  llvm::cl::list<std::string> roots{
      "root", llvm::cl::value_desc("name=folder"),
      llvm::cl::desc("The folder of a root that the module's files name; "
                     "'model' is the current folder by default")};
  llvm::cl::opt<std::string> dataPath{
      "onnx-data", llvm::cl::value_desc("file"),
      llvm::cl::desc("Where --export-onnx writes the weights; the model refers "
                     "to the file by its last name")};
  llvm::cl::opt<std::string> package{
      "package", llvm::cl::value_desc("folder"),
      llvm::cl::desc("The folder that --export-aic100 or --export-host makes")};
  llvm::cl::opt<int64_t> numCores{
      "num-cores", llvm::cl::init(16),
      llvm::cl::desc("Cores of the AI 100 card that the program uses")};
  llvm::cl::opt<bool> mxfp6Matmul{
      "mxfp6-matmul", llvm::cl::desc("Weights of MatMuls in MXFP6")};
  llvm::cl::opt<bool> mxint8KVCache{
      "mxint8-kv-cache", llvm::cl::desc("Retained keys and values in MXINT8")};

  EvaluatorOptions getEvaluatorOptions() const {
    EvaluatorOptions options;
    options.roots["model"] = ".";
    for (const std::string &root : roots) {
      auto [name, folder] = StringRef(root).split('=');
      options.roots[name] = folder.str();
    }
    return options;
  }
};
} // namespace

static CommandLine &getCommandLine() {
  static CommandLine commandLine;
  return commandLine;
}

static LogicalResult exportModel(ModuleOp module, raw_ostream &output) {
  const CommandLine &options = getCommandLine();
  FailureOr<ONNXModel> model = buildONNXModel(
      module, llvm::sys::path::filename(options.dataPath));
  if (failed(model)) {
    return failure();
  }
  if (model->dataSize > 0) {
    if (options.dataPath.empty()) {
      return module.emitError()
             << "expects --onnx-data, got a model with weights";
    }
    if (failed(writeONNXData(module, *model, options.dataPath,
                             options.getEvaluatorOptions()))) {
      return failure();
    }
  }
  return writeONNXModel(module, *model, output, options.getEvaluatorOptions());
}

static LogicalResult buildAIC100Package(ModuleOp module, StringRef directory,
                                        std::string &message) {
  const CommandLine &options = getCommandLine();
  AIC100Options package;
  package.numCores = options.numCores;
  package.mxfp6Matmul = options.mxfp6Matmul;
  package.mxint8KVCache = options.mxint8KVCache;
  if (failed(writeAIC100Package(module, directory, package,
                                options.getEvaluatorOptions()))) {
    return failure();
  }
  return compileQPC(module.getLoc(), directory, package, message);
}

static LogicalResult buildHostPackage(ModuleOp module, StringRef directory,
                                      std::string &message) {
  host::HostOptions options;
  options.weights = getCommandLine().getEvaluatorOptions();
  return host::writeHostPackage(module, directory, options);
}

using BuildPackageFn = LogicalResult (*)(ModuleOp, StringRef, std::string &);

/// The package is made beside its folder and appears whole.
template <BuildPackageFn build>
static LogicalResult exportPackage(ModuleOp module, raw_ostream &output) {
  std::string folder = getCommandLine().package;
  if (folder.empty() || llvm::sys::fs::exists(folder)) {
    return module.emitError()
           << "expects --package to name a new folder, got '" << folder << "'";
  }
  FailureOr<OutputDirectory> directory =
      OutputDirectory::create(module.getLoc(), folder);
  std::string message;
  if (failed(directory) ||
      failed(build(module, directory->getTemporary(), message)) ||
      failed(directory->commit())) {
    return failure();
  }
  if (!message.empty()) {
    output << message << "\n";
  }
  return success();
}

void qeff::registerTargetTranslations() {
  getCommandLine();
  auto onModule = [](LogicalResult (*write)(ModuleOp, raw_ostream &)) {
    return [write](Operation *op, raw_ostream &output) -> LogicalResult {
      // An error names its place; it does not print the module.
      op->getContext()->printOpOnDiagnostic(false);
      auto module = dyn_cast<ModuleOp>(op);
      if (!module) {
        return op->emitError() << "expects a module";
      }
      return write(module, output);
    };
  };
  auto registerDialects = [](mlir::DialectRegistry &registry) {
    registry.insert<QEffDialect, host::QEffHostDialect, onnxir::ONNXIRDialect,
                    mlir::arith::ArithDialect, mlir::func::FuncDialect,
                    mlir::math::MathDialect, mlir::memref::MemRefDialect,
                    mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
  };
  static mlir::TranslateFromMLIRRegistration model(
      "export-onnx", "write a module of phase aic100 as an ONNX model",
      onModule(exportModel), registerDialects);
  static mlir::TranslateFromMLIRRegistration package(
      "export-aic100", "write a module of phase aic100 as an AI 100 package",
      onModule(exportPackage<buildAIC100Package>), registerDialects);
  static mlir::TranslateFromMLIRRegistration hostPackage(
      "export-host", "write a module of phase host as a host QPC",
      onModule(exportPackage<buildHostPackage>), registerDialects);
}
