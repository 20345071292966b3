// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An ONNX file as a message without payloads.

#include "ModelFile.h"

using namespace qeff;
using namespace qeff::onnxir;

llvm::Error onnxir::readModel(const InputFile &file,
                              qeff_onnx::ModelProto &model,
                              std::vector<Payload> &payloads) {
  llvm::Expected<ScannedModel> scanned = scanPayloads(file);
  if (!scanned) {
    return scanned.takeError();
  }
  payloads = std::move(scanned->payloads);
  // Protobuf's own limit of 100 nested messages holds.
  if (!model.ParseFromArray(scanned->bytes.data(),
                            static_cast<int>(scanned->bytes.size()))) {
    return makeImportError("expects an ONNX model, got a malformed message");
  }
  return llvm::Error::success();
}
