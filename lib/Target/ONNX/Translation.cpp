// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-translate --export-onnx.

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Target/ONNX.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"

using namespace qeff;

void qeff::registerONNXTranslations() {
  static llvm::cl::opt<std::string> dataPath(
      "onnx-data", llvm::cl::value_desc("file"),
      llvm::cl::desc("Where --export-onnx writes the weights; the model refers "
                     "to the file by its last name"));
  static llvm::cl::list<std::string> roots(
      "root", llvm::cl::value_desc("name=folder"),
      llvm::cl::desc("The folder of a root that the module's files name; "
                     "'model' is the current folder by default"));
  static mlir::TranslateFromMLIRRegistration registration(
      "export-onnx", "write a module of phase aic100 as an ONNX model",
      [](Operation *op, raw_ostream &output) -> LogicalResult {
        auto module = dyn_cast<ModuleOp>(op);
        if (!module) {
          return op->emitError() << "expects a module";
        }
        EvaluatorOptions options;
        options.roots["model"] = ".";
        for (const std::string &root : roots) {
          auto [name, folder] = StringRef(root).split('=');
          options.roots[name] = folder.str();
        }
        FailureOr<ONNXModel> model = buildONNXModel(
            module, llvm::sys::path::filename(dataPath));
        if (failed(model)) {
          return failure();
        }
        if (model->dataSize > 0) {
          if (dataPath.empty()) {
            return module.emitError()
                   << "expects --onnx-data, got a model with weights";
          }
          if (failed(writeONNXData(module, *model, dataPath, options))) {
            return failure();
          }
        }
        output << model->bytes;
        return success();
      },
      [](mlir::DialectRegistry &registry) {
        registry.insert<QEffDialect, onnxir::ONNXIRDialect,
                        mlir::arith::ArithDialect, mlir::func::FuncDialect>();
      });
}
