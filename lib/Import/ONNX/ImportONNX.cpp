// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an ONNX file to a module.

#include "qeff/Import/ONNX.h"

#include "ModelImporter.h"

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Import/Checkpoint.h"

using namespace qeff;
using namespace qeff::onnxir;

/// Parses what the scanner left of the file. Protobuf's own limit of 100 nested
/// messages holds.
static llvm::Error parseModel(const InputFile &file,
                              qeff_onnx::ModelProto &model,
                              std::vector<Payload> &payloads) {
  llvm::Expected<ScannedModel> scanned = scanPayloads(file);
  if (!scanned) {
    return scanned.takeError();
  }
  payloads = std::move(scanned->payloads);
  if (!model.ParseFromArray(scanned->bytes.data(),
                            static_cast<int>(scanned->bytes.size()))) {
    return makeImportError("expects an ONNX model, got a malformed message");
  }
  return llvm::Error::success();
}

FailureOr<OwningOpRef<ModuleOp>>
qeff::importONNX(MLIRContext *context, StringRef path, const InputFile &file) {
  context->loadDialect<QEffDialect, ONNXIRDialect, mlir::func::FuncDialect>();
  qeff_onnx::ModelProto model;
  std::vector<Payload> payloads;
  if (llvm::Error error = parseModel(file, model, payloads)) {
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
