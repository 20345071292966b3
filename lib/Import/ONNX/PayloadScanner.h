// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads an ONNX file without the payloads of its tensors, however large.
#ifndef QEFF_LIB_IMPORT_ONNX_PAYLOADSCANNER_H
#define QEFF_LIB_IMPORT_ONNX_PAYLOADSCANNER_H

#include "qeff/Import/InputFile.h"

#include <vector>

namespace qeff::onnxir {

/// Payloads of more bytes than this are cut out.
inline constexpr uint64_t kMaxInlineBytes = 1024;
/// Most bytes that may be left of a model.
inline constexpr uint64_t kMaxMessageBytes = uint64_t(1) << 30;
/// Most graphs inside one another.
inline constexpr int kMaxNestedGraphs = 24;

/// Elements of a tensor, little-endian, in the file itself.
struct Payload {
  uint64_t offset;
  uint64_t size;
  uint64_t field; ///< of TensorProto
};

struct ScannedModel {
  /// The serialized ModelProto; entries of `wire::kPayloadKey` stand for the
  /// payloads that were cut out.
  std::string bytes;
  std::vector<Payload> payloads;
};

/// Walks the messages of `file` that lead to tensors. Every length is checked
/// against what is around it; what the messages say is not looked at. Reads
/// what it keeps, and of a payload only what lies in the same window.
llvm::Expected<ScannedModel> scanPayloads(const InputFile &file);

} // namespace qeff::onnxir

#endif // QEFF_LIB_IMPORT_ONNX_PAYLOADSCANNER_H
