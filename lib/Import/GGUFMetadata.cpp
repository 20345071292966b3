// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the metadata pairs of a GGUF header that has been checked: a second
// pass over the same bytes, whose bounds hold, unless the file changes.

#include "qeff/Import/GGUFMetadata.h"
#include "qeff/Import/GGUF.h"
#include "qeff/Import/InputFile.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"

using namespace qeff;
using llvm::StringRef;
using llvm::Twine;

namespace {

/// The format's numbers for the types of metadata values.
enum ValueType : uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12
};

/// Reads the bytes of the pairs from front to back. The first error sticks:
/// reads after it give zeros and empty strings.
class Cursor {
public:
  explicit Cursor(StringRef bytes) : bytes(bytes) {}

  bool hasFailed() const { return !message.empty(); }
  llvm::Error takeError() const {
    return hasFailed() ? makeImportError(message) : llvm::Error::success();
  }
  void fail(const Twine &text) {
    if (!hasFailed()) {
      message = text.str();
    }
  }

  template <typename T> T number() {
    StringRef raw = take(sizeof(T));
    return raw.empty() ? T(0)
                       : llvm::support::endian::read<
                             T, llvm::endianness::little>(raw.data());
  }

  std::string string(const Twine &what) {
    StringRef text = take(number<uint64_t>());
    size_t bad = 0;
    if (!hasFailed() && !llvm::json::isUTF8(text, &bad)) {
      fail(what + ": expects UTF-8, got another byte at " + Twine(bad));
    }
    return text.str();
  }

  GGUFValue scalar(StringRef key, uint32_t type);
  GGUFValue value(StringRef key);

private:
  StringRef take(uint64_t count) {
    if (hasFailed() || count > bytes.size()) {
      fail("the file was changed while it was read");
      return {};
    }
    StringRef taken = bytes.take_front(count);
    bytes = bytes.drop_front(count);
    return taken;
  }

  StringRef bytes;
  std::string message;
};

GGUFValue Cursor::scalar(StringRef key, uint32_t type) {
  switch (type) {
  case kU8:
    return {uint64_t(number<uint8_t>())};
  case kI8:
    return {int64_t(number<int8_t>())};
  case kU16:
    return {uint64_t(number<uint16_t>())};
  case kI16:
    return {int64_t(number<int16_t>())};
  case kU32:
    return {uint64_t(number<uint32_t>())};
  case kI32:
    return {int64_t(number<int32_t>())};
  case kU64:
    return {number<uint64_t>()};
  case kI64:
    return {number<int64_t>()};
  case kF32:
    return {double(llvm::bit_cast<float>(number<uint32_t>()))};
  case kF64:
    return {llvm::bit_cast<double>(number<uint64_t>())};
  case kBool:
    return {number<uint8_t>() != 0};
  case kString:
    return {string("key '" + key + "'")};
  default:
    fail("key '" + key + "': expects an array of numbers, booleans or " +
         "strings, got element type " + Twine(type));
    return {false};
  }
}

GGUFValue Cursor::value(StringRef key) {
  uint32_t type = number<uint32_t>();
  if (type != kArray) {
    return scalar(key, type);
  }
  uint32_t elementType = number<uint32_t>();
  uint64_t count = number<uint64_t>();
  std::vector<GGUFValue> elements;
  for (uint64_t i = 0; i < count && !hasFailed(); ++i) {
    elements.push_back(scalar(key, elementType));
  }
  return {std::move(elements)};
}

} // namespace

llvm::Expected<GGUFMetadata> qeff::readGGUFMetadata(const InputFile &file) {
  llvm::Expected<GGUFHeader> header = readGGUFHeader(file);
  if (!header) {
    return header.takeError();
  }
  llvm::Expected<std::string> bytes =
      file.readString(header->metadataBegin,
                      header->metadataEnd - header->metadataBegin);
  if (!bytes) {
    return bytes.takeError();
  }
  Cursor cursor(*bytes);
  GGUFMetadata metadata;
  for (uint64_t i = 0; i < header->metadataCount && !cursor.hasFailed(); ++i) {
    std::string key = cursor.string("key");
    GGUFValue value = cursor.value(key);
    metadata.insert_or_assign(std::move(key), std::move(value));
  }
  if (cursor.hasFailed()) {
    return cursor.takeError();
  }
  return metadata;
}
