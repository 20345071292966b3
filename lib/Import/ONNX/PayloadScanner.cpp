// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads an ONNX file without the payloads of its tensors.

#include "PayloadScanner.h"

#include "Wire.h"

#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <cstring>

using namespace qeff;
using namespace qeff::onnxir;
using llvm::Error;
using llvm::Twine;
using wire::Message;

namespace {
constexpr uint64_t kWindowBytes = 1 << 16;
/// What a length is written with before it is known.
constexpr size_t kLengthBytes = 5;

/// Reads forward through the file, in a window.
class Cursor {
public:
  explicit Cursor(const InputFile &file) : file(file) {}

  uint64_t getPosition() const { return position; }
  void skip(uint64_t bytes) { position += bytes; }
  /// The next byte, which is in the file.
  Error readByte(uint8_t &byte);
  /// Appends bytes that are in the file.
  Error append(std::string &out, uint64_t bytes);

private:
  /// Makes the window hold the next byte.
  Error fill();

  const InputFile &file;
  uint64_t position = 0;
  uint64_t windowBegin = 0;
  std::vector<char> window;
};

class Scanner {
public:
  explicit Scanner(const InputFile &file)
      : cursor(file), fileSize(file.getSize()) {}

  llvm::Expected<ScannedModel> run();

private:
  /// A field in front of its value.
  struct Field {
    uint64_t begin = 0; ///< position of the tag
    uint64_t number = 0;
    unsigned type = 0;
    uint64_t length = 0; ///< of a length-delimited value
  };

  Error scan(Message kind, uint64_t end, int depth);
  Error scanChild(Message kind, const Field &field, int depth);
  Error scanTensorField(const Field &field, uint64_t end);
  Error readField(Field &field, uint64_t end);
  Error readVarint(uint64_t &value, uint64_t end);
  /// Appends the value of `field` as it is.
  Error copy(const Field &field, uint64_t end);
  Error append(uint64_t bytes);

  static Error makeError(uint64_t position, const Twine &message) {
    return makeImportError("byte " + Twine(position) + ": " + message);
  }

  Cursor cursor;
  uint64_t fileSize;
  ScannedModel model;
  /// Payloads of the tensor that is being read.
  uint64_t tensorPayloads = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// Cursor
//===----------------------------------------------------------------------===//

Error Cursor::fill() {
  if (position >= windowBegin && position - windowBegin < window.size()) {
    return Error::success();
  }
  window.resize(std::min(kWindowBytes, file.getSize() - position));
  windowBegin = position;
  if (Error error = file.read(position, window.data(), window.size())) {
    window.clear();
    return error;
  }
  return Error::success();
}

Error Cursor::readByte(uint8_t &byte) {
  if (Error error = fill()) {
    return error;
  }
  byte = static_cast<uint8_t>(window[position - windowBegin]);
  ++position;
  return Error::success();
}

Error Cursor::append(std::string &out, uint64_t bytes) {
  while (bytes > 0) {
    if (Error error = fill()) {
      return error;
    }
    uint64_t from = position - windowBegin;
    uint64_t step = std::min<uint64_t>(bytes, window.size() - from);
    out.append(window.data() + from, step);
    position += step;
    bytes -= step;
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

Error Scanner::readVarint(uint64_t &value, uint64_t end) {
  uint64_t begin = cursor.getPosition();
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (cursor.getPosition() >= end) {
      return makeError(begin, "expects a number inside its message, which "
                              "ends at byte " + Twine(end));
    }
    uint8_t byte = 0;
    if (Error error = cursor.readByte(byte)) {
      return error;
    }
    if (shift == 63 && byte > 1) {
      break;
    }
    value |= uint64_t(byte & 0x7f) << shift;
    if (byte < 0x80) {
      return Error::success();
    }
  }
  return makeError(begin, "expects a number of at most 64 bits");
}

Error Scanner::readField(Field &field, uint64_t end) {
  field.begin = cursor.getPosition();
  uint64_t tag = 0;
  if (Error error = readVarint(tag, end)) {
    return error;
  }
  field.number = tag >> 3;
  field.type = tag & 7;
  if (tag > UINT32_MAX || field.number == 0) {
    return makeError(field.begin, "expects a field's number, got " +
                                      Twine(field.number));
  }
  uint64_t left = end - cursor.getPosition();
  switch (field.type) {
  case wire::Varint:
    return Error::success();
  case wire::Fixed64:
  case wire::Fixed32:
    field.length = field.type == wire::Fixed64 ? 8 : 4;
    break;
  case wire::Length:
    if (Error error = readVarint(field.length, end)) {
      return error;
    }
    left = end - cursor.getPosition();
    break;
  default:
    return makeError(field.begin, "expects a wire type of 0, 1, 2 or 5, got " +
                                      Twine(field.type));
  }
  if (field.length > left) {
    return makeError(field.begin, "expects field " + Twine(field.number) +
                                      " inside its message, got " +
                                      Twine(field.length) + " bytes where " +
                                      Twine(left) + " are left");
  }
  return Error::success();
}

Error Scanner::append(uint64_t bytes) {
  if (bytes > kMaxMessageBytes - std::min<uint64_t>(model.bytes.size(),
                                                    kMaxMessageBytes)) {
    return makeImportError("expects a model of at most " +
                           Twine(kMaxMessageBytes) +
                           " bytes beside the payloads of its tensors");
  }
  return cursor.append(model.bytes, bytes);
}

Error Scanner::copy(const Field &field, uint64_t end) {
  wire::appendVarint(model.bytes, field.number << 3 | field.type);
  if (field.type == wire::Varint) {
    uint64_t value = 0;
    if (Error error = readVarint(value, end)) {
      return error;
    }
    wire::appendVarint(model.bytes, value);
    return append(0);
  }
  if (field.type == wire::Length) {
    wire::appendVarint(model.bytes, field.length);
  }
  return append(field.length);
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

Error Scanner::scanTensorField(const Field &field, uint64_t end) {
  bool holdsElements = field.number == wire::kRawData ||
                       field.number == wire::kFloatData ||
                       field.number == wire::kDoubleData;
  if (holdsElements && field.type == wire::Length &&
      field.length > kMaxInlineBytes) {
    if (tensorPayloads++ > 0) {
      return makeError(field.begin,
                       "expects the elements of a tensor in one piece");
    }
    wire::appendBytes(model.bytes, wire::kExternalData,
                      wire::makePayloadEntry(model.payloads.size()));
    model.payloads.push_back(
        {cursor.getPosition(), field.length, field.number});
    cursor.skip(field.length);
    return append(0);
  }
  size_t before = model.bytes.size();
  if (Error error = copy(field, end)) {
    return error;
  }
  if (field.number == wire::kExternalData &&
      llvm::StringRef(model.bytes)
          .drop_front(before)
          .contains(wire::kPayloadKey)) {
    return makeError(field.begin, "expects external data without the key '" +
                                      wire::kPayloadKey + "'");
  }
  return Error::success();
}

Error Scanner::scanChild(Message kind, const Field &field, int depth) {
  if (kind == Message::Graph && ++depth > kMaxNestedGraphs) {
    return makeError(field.begin, "expects at most " +
                                      Twine(kMaxNestedGraphs) +
                                      " graphs inside one another");
  }
  // The length is known once the payloads are out; a varint may be padded.
  wire::appendVarint(model.bytes, field.number << 3 | field.type);
  size_t at = model.bytes.size();
  model.bytes.append(kLengthBytes, '\0');
  if (kind == Message::Tensor) {
    tensorPayloads = 0;
  }
  if (Error error = scan(kind, cursor.getPosition() + field.length, depth)) {
    return error;
  }
  uint64_t length = model.bytes.size() - at - kLengthBytes;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    bool isLast = i + 1 == kLengthBytes;
    model.bytes[at + i] =
        static_cast<char>((length >> (7 * i) & 0x7f) | (isLast ? 0 : 0x80));
  }
  return append(0);
}

Error Scanner::scan(Message kind, uint64_t end, int depth) {
  while (cursor.getPosition() < end) {
    Field field;
    if (Error error = readField(field, end)) {
      return error;
    }
    std::optional<Message> child =
        field.type == wire::Length ? wire::getChild(kind, field.number)
                                   : std::nullopt;
    Error error = child                     ? scanChild(*child, field, depth)
                  : kind == Message::Tensor ? scanTensorField(field, end)
                                            : copy(field, end);
    if (error) {
      return error;
    }
  }
  return Error::success();
}

llvm::Expected<ScannedModel> Scanner::run() {
  if (Error error = scan(Message::Model, fileSize, 0)) {
    return error;
  }
  return std::move(model);
}

llvm::Expected<ScannedModel> onnxir::scanPayloads(const InputFile &file) {
  return Scanner(file).run();
}
