// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an ONNX file to a module.

#include "qeff/Import/ONNX.h"

#include "ModelFile.h"
#include "ModelImporter.h"

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Import/Checkpoint.h"

using namespace qeff;
using namespace qeff::onnxir;

FailureOr<OwningOpRef<ModuleOp>>
qeff::importONNX(MLIRContext *context, StringRef path, const InputFile &file) {
  context->loadDialect<QEffDialect, ONNXIRDialect, mlir::func::FuncDialect>();
  qeff_onnx::ModelProto model;
  std::vector<Payload> payloads;
  if (llvm::Error error = readModel(file, model, payloads)) {
    return emitImportError(context, path, std::move(error));
  }
  return ModelImporter(context, path, file.getSize(), payloads).run(model);
}

FailureOr<OwningOpRef<ModuleOp>> qeff::importONNX(MLIRContext *context,
                                                  StringRef path) {
  llvm::Expected<InputFile> file = InputFile::open(path);
  if (!file) {
    return emitImportError(context, path, file.takeError());
  }
  return importONNX(context, path, *file);
}
