// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An ONNX file as a message without payloads.
#ifndef QEFF_LIB_IMPORT_ONNX_MODELFILE_H
#define QEFF_LIB_IMPORT_ONNX_MODELFILE_H

#include "PayloadScanner.h"

#include "qeff_onnx.pb.h"

namespace qeff::onnxir {

/// Reads `file` into `model`, with the marks of `wire::kPayloadKey` for what is
/// in `payloads`.
llvm::Error readModel(const InputFile &file, qeff_onnx::ModelProto &model,
                      std::vector<Payload> &payloads);

} // namespace qeff::onnxir

#endif // QEFF_LIB_IMPORT_ONNX_MODELFILE_H
