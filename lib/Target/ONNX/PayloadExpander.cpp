// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes room for payloads in a serialized model. The message is one that
// protobuf has just written, so that its form needs no checks.

#include "PayloadExpander.h"

#include "Wire.h"

using namespace qeff;
using wire::Message;

namespace {
/// A part of the output: bytes of the input, bytes of its own, or a payload.
struct Piece {
  StringRef view;
  std::string text;
  std::optional<uint64_t> payload;
};

class Expander {
public:
  explicit Expander(ArrayRef<uint64_t> sizes) : sizes(sizes) {}
  /// Appends the pieces of `message`; returns the bytes that it grew by, modulo
  /// 2^64: small payloads make it shrink.
  uint64_t expand(Message kind, StringRef message);
  ExpandedMessage join() const;

private:
  uint64_t expandChild(Message kind, StringRef header, StringRef body);
  void appendView(StringRef view);
  void appendText(std::string text) { pieces.push_back({{}, text, {}}); }

  ArrayRef<uint64_t> sizes;
  std::vector<Piece> pieces;
  uint64_t placed = 0; ///< payloads so far
};
} // namespace

static uint64_t readVarint(StringRef &bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    auto byte = static_cast<uint8_t>(bytes.front());
    bytes = bytes.drop_front();
    value |= uint64_t(byte & 0x7f) << shift;
    if (byte < 0x80) {
      break;
    }
  }
  return value;
}

void Expander::appendView(StringRef view) {
  // Neighbours in the input become one piece.
  if (!pieces.empty() && !pieces.back().view.empty() &&
      pieces.back().view.end() == view.begin()) {
    StringRef &last = pieces.back().view;
    last = StringRef(last.data(), last.size() + view.size());
  } else if (!view.empty()) {
    pieces.push_back({view, {}, {}});
  }
}

/// `header` is the tag and the length in front of `body`.
uint64_t Expander::expandChild(Message kind, StringRef header, StringRef body) {
  size_t start = pieces.size();
  // The length's place, and a break in front of the body's first piece.
  appendText("");
  uint64_t placedBefore = placed;
  uint64_t grown = expand(kind, body);
  if (placed == placedBefore) {
    pieces.resize(start);
    appendView(header);
    appendView(body);
    return 0;
  }
  StringRef rest = header;
  std::string text;
  wire::appendVarint(text, readVarint(rest)); // the tag
  wire::appendVarint(text, body.size() + grown);
  grown += text.size() - header.size();
  pieces[start].text = std::move(text);
  return grown;
}

uint64_t Expander::expand(Message kind, StringRef message) {
  uint64_t grown = 0;
  while (!message.empty()) {
    StringRef rest = message;
    uint64_t tag = readVarint(rest);
    uint64_t field = tag >> 3;
    size_t size = 0;
    switch (tag & 7) {
    case wire::Varint:
      readVarint(rest);
      break;
    case wire::Fixed64:
      size = 8;
      break;
    case wire::Fixed32:
      size = 4;
      break;
    default:
      size = readVarint(rest);
    }
    StringRef header = message.drop_back(rest.size());
    StringRef body = rest.take_front(size);
    message = rest.drop_front(body.size());
    std::optional<uint64_t> payload;
    if (kind == Message::Tensor && field == wire::kExternalData) {
      payload = wire::parsePayloadEntry(body);
    }
    if (payload && *payload < sizes.size()) {
      std::string text;
      wire::appendVarint(text, wire::makeTag(wire::kRawData, wire::Length));
      wire::appendVarint(text, sizes[*payload]);
      grown += text.size() + sizes[*payload] - header.size() - body.size();
      appendText(std::move(text));
      pieces.push_back({{}, {}, payload});
      ++placed;
    } else if (std::optional<Message> child = wire::getChild(kind, field);
               child && (tag & 7) == wire::Length) {
      grown += expandChild(*child, header, body);
    } else {
      appendView(header);
      appendView(body);
    }
  }
  return grown;
}

ExpandedMessage Expander::join() const {
  ExpandedMessage result;
  for (const Piece &piece : pieces) {
    if (piece.payload) {
      result.gaps.push_back({result.bytes.size(), *piece.payload});
    }
    result.bytes.append(piece.view.data(), piece.view.size());
    result.bytes += piece.text;
  }
  return result;
}

ExpandedMessage qeff::expandPayloads(StringRef message,
                                     ArrayRef<uint64_t> sizes) {
  Expander expander(sizes);
  expander.expand(Message::Model, message);
  return expander.join();
}
