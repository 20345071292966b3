// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The wire format of ONNX files.

#include "Wire.h"

using namespace qeff;
using namespace qeff::wire;

std::optional<Message> wire::getChild(Message message, uint64_t field) {
  using Child = std::optional<Message>;
  switch (message) {
  case Message::Model:
    return field == 7    ? Child(Message::Graph)
           : field == 25 ? Child(Message::Function)
                         : std::nullopt;
  case Message::Graph:
    return field == 1   ? Child(Message::Node)
           : field == 5 ? Child(Message::Tensor)
                        : std::nullopt;
  case Message::Node:
    return field == 5 ? Child(Message::Attribute) : std::nullopt;
  case Message::Function:
    return field == 7    ? Child(Message::Node)
           : field == 11 ? Child(Message::Attribute)
                         : std::nullopt;
  case Message::Attribute:
    return field == 5 || field == 10   ? Child(Message::Tensor)
           : field == 6 || field == 11 ? Child(Message::Graph)
                                       : std::nullopt;
  case Message::Tensor:
    return std::nullopt;
  }
  return std::nullopt;
}

void wire::appendVarint(std::string &out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void wire::appendBytes(std::string &out, uint64_t field,
                       llvm::StringRef bytes) {
  appendVarint(out, makeTag(field, Length));
  appendVarint(out, bytes.size());
  out.append(bytes.data(), bytes.size());
}

/// Everything of an entry in front of the digits' length.
static std::string makeEntryPrefix() {
  std::string prefix;
  appendBytes(prefix, 1, kPayloadKey);
  appendVarint(prefix, makeTag(2, Length));
  return prefix;
}

std::string wire::makePayloadEntry(uint64_t index) {
  std::string entry;
  appendBytes(entry, 1, kPayloadKey);
  appendBytes(entry, 2, std::to_string(index));
  return entry;
}

std::optional<uint64_t> wire::parsePayloadEntry(llvm::StringRef entry) {
  uint64_t index = 0;
  if (!entry.consume_front(makeEntryPrefix()) || entry.empty() ||
      static_cast<uint8_t>(entry.front()) != entry.size() - 1 ||
      entry.drop_front().getAsInteger(10, index)) {
    return std::nullopt;
  }
  return index;
}
