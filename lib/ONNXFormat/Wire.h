// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The wire format of ONNX files as far as payloads must be found or placed
// without parsing: which fields lead to tensors, and the mark that stands for a
// payload that was cut out.
#ifndef QEFF_LIB_ONNXFORMAT_WIRE_H
#define QEFF_LIB_ONNXFORMAT_WIRE_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace qeff::wire {

/// The messages on the way from a model to its tensors.
enum class Message { Model, Graph, Node, Attribute, Function, Tensor };

/// The message in `field` of `message`, or nothing where that leads to no
/// tensor. Sparse tensors and training information stay whole.
std::optional<Message> getChild(Message message, uint64_t field);

enum WireType : unsigned { Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5 };

// Fields of TensorProto.
inline constexpr uint64_t kFloatData = 4;
inline constexpr uint64_t kRawData = 9;
inline constexpr uint64_t kDoubleData = 10;
inline constexpr uint64_t kExternalData = 13;

inline constexpr uint64_t makeTag(uint64_t field, WireType type) {
  return field << 3 | type;
}

void appendVarint(std::string &out, uint64_t value);
void appendBytes(std::string &out, uint64_t field, llvm::StringRef bytes);

/// The key of the external_data entry that stands for a payload; its value is
/// the payload's index. No file may have it.
inline constexpr llvm::StringRef kPayloadKey = "qeff.payload";

/// The serialized entry of payload `index`.
std::string makePayloadEntry(uint64_t index);

/// The index in an entry that `makePayloadEntry` made, or nothing.
std::optional<uint64_t> parsePayloadEntry(llvm::StringRef entry);

} // namespace qeff::wire

#endif // QEFF_LIB_ONNXFORMAT_WIRE_H
