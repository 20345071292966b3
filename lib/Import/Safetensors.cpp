// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and checks safetensors headers.

#include "qeff/Import/Safetensors.h"
#include "qeff/Import/InputFile.h"
#include "qeff/Import/JSON.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"

using namespace qeff;

/// Most axes that a tensor may have.
static constexpr size_t kMaxRank = 8;

static StoredType getType(StringRef name) {
  return llvm::StringSwitch<StoredType>(name)
      .Case("F32", StoredType::F32)
      .Case("F16", StoredType::F16)
      .Case("BF16", StoredType::BF16)
      .Default(StoredType::Other);
}

/// Bits per element of every type that the format defines; 0 for others.
static uint64_t getBits(StringRef name) {
  return llvm::StringSwitch<uint64_t>(name)
      .Case("F4", 4)
      .Cases({"F6_E2M3", "F6_E3M2"}, 6)
      .Cases({"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"}, 8)
      .Cases({"F8_E4M3FNUZ", "F8_E5M2FNUZ"}, 8)
      .Cases({"I16", "U16", "F16", "BF16"}, 16)
      .Cases({"I32", "U32", "F32"}, 32)
      .Cases({"I64", "U64", "F64", "C64"}, 64)
      .Default(0);
}

static llvm::Error makeTensorError(StringRef name, const Twine &message) {
  return makeImportError("tensor '" + name + "': " + message);
}

static llvm::Error parseShape(StringRef name, const llvm::json::Value *value,
                              StoredTensor &tensor, uint64_t &elements) {
  const llvm::json::Array *shape = value ? value->getAsArray() : nullptr;
  if (!shape || shape->size() > kMaxRank) {
    return makeTensorError(name, "expects a 'shape' of at most " +
                                     Twine(kMaxRank) + " sizes");
  }
  std::optional<uint64_t> count = 1;
  for (const llvm::json::Value &entry : *shape) {
    std::optional<int64_t> size = getJSONInteger(entry);
    if (!size || *size < 0) {
      return makeTensorError(name, "expects sizes >= 0 in its 'shape'");
    }
    if (count) {
      count = llvm::checkedMulUnsigned<uint64_t>(*count, *size);
    }
    tensor.shape.push_back(*size);
  }
  elements = count.value_or(0);
  if (!count) {
    return makeTensorError(name, "expects a 'shape' whose size fits 64 bits");
  }
  return llvm::Error::success();
}

/// Sets `tensor.offset` to an absolute one and `bytes` to the size in the file.
static llvm::Error parseOffsets(StringRef name, const llvm::json::Value *value,
                                uint64_t headerSize, uint64_t fileSize,
                                StoredTensor &tensor, uint64_t &bytes) {
  const llvm::json::Array *offsets = value ? value->getAsArray() : nullptr;
  std::optional<int64_t> begin, end;
  if (offsets && offsets->size() == 2) {
    begin = getJSONInteger((*offsets)[0]);
    end = getJSONInteger((*offsets)[1]);
  }
  if (!begin || !end || *begin < 0 || *end < *begin) {
    return makeTensorError(name, "expects 'data_offsets' [begin, end] with "
                                 "0 <= begin <= end");
  }
  uint64_t dataSize = fileSize - headerSize;
  if (static_cast<uint64_t>(*end) > dataSize) {
    return makeTensorError(name, "expects to end within the " +
                                     Twine(dataSize) +
                                     " bytes of tensor data, got end " +
                                     Twine(*end));
  }
  tensor.offset = headerSize + static_cast<uint64_t>(*begin);
  bytes = static_cast<uint64_t>(*end - *begin);
  return llvm::Error::success();
}

static llvm::Error parseTensor(StringRef name, const llvm::json::Value &value,
                               uint64_t headerSize, uint64_t fileSize,
                               StoredTensor &tensor, uint64_t &bytes) {
  const llvm::json::Object *object = value.getAsObject();
  if (!object) {
    return makeTensorError(name, "expects an object, got " +
                                     getJSONKind(value));
  }
  for (const auto &member : *object) {
    StringRef key = member.first;
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      return makeTensorError(name, "expects 'dtype', 'shape' and "
                                   "'data_offsets', got '" + key + "'");
    }
  }
  std::optional<StringRef> dtype = object->getString("dtype");
  if (!dtype) {
    return makeTensorError(name, "expects a 'dtype' string");
  }
  tensor.typeName = dtype->str();
  tensor.type = getType(*dtype);
  uint64_t elements = 0;
  if (llvm::Error error =
          parseShape(name, object->get("shape"), tensor, elements)) {
    return error;
  }
  if (llvm::Error error = parseOffsets(name, object->get("data_offsets"),
                                       headerSize, fileSize, tensor, bytes)) {
    return error;
  }
  uint64_t bits = getBits(*dtype);
  std::optional<uint64_t> total = llvm::checkedMulUnsigned(elements, bits);
  if (bits != 0 && (!total || *total % 8 != 0 || *total / 8 != bytes)) {
    return makeTensorError(name, "expects 'data_offsets' that span " +
                                     Twine(elements) + " elements of " +
                                     *dtype + ", got " + Twine(bytes) +
                                     " bytes");
  }
  return llvm::Error::success();
}

namespace {
struct Span {
  uint64_t begin;
  uint64_t end;
  StringRef name;
};
} // namespace

/// The tensors must tile the data: no overlaps, no holes, nothing behind.
static llvm::Error checkLayout(SmallVectorImpl<Span> &spans,
                               uint64_t headerSize, uint64_t fileSize) {
  llvm::sort(spans, [](const Span &a, const Span &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  uint64_t position = headerSize;
  for (const Span &span : spans) {
    if (span.begin != position) {
      return makeTensorError(
          span.name,
          Twine("expects to begin at byte ") + Twine(position) +
              ", where the tensor before it ends, got " + Twine(span.begin) +
              (span.begin < position ? " (an overlap)" : " (a hole)"));
    }
    position = span.end;
  }
  if (position != fileSize) {
    return makeImportError("expects " + Twine(position) +
                           " bytes, where the last tensor ends, got a file "
                           "of " + Twine(fileSize) + " bytes");
  }
  return llvm::Error::success();
}

static void readMetadata(const llvm::json::Value &value,
                         SafetensorsHeader &header) {
  if (const llvm::json::Object *object = value.getAsObject()) {
    for (const auto &member : *object) {
      if (std::optional<StringRef> text = member.second.getAsString()) {
        header.metadata[StringRef(member.first)] = text->str();
      }
    }
  }
}

llvm::Expected<SafetensorsHeader>
qeff::parseSafetensorsHeader(StringRef text, uint64_t headerSize,
                             uint64_t fileSize) {
  llvm::Expected<llvm::json::Object> root = parseJSONObject(text);
  if (!root) {
    return makeImportError("safetensors header: " +
                           llvm::toString(root.takeError()));
  }
  SafetensorsHeader header;
  header.size = headerSize;
  SmallVector<Span> spans;
  for (const auto &member : *root) {
    StringRef name = member.first;
    if (name == "__metadata__") {
      readMetadata(member.second, header);
      continue;
    }
    StoredTensor tensor;
    uint64_t bytes = 0;
    if (llvm::Error error = parseTensor(name, member.second, headerSize,
                                        fileSize, tensor, bytes)) {
      return error;
    }
    auto [entry, inserted] = header.tensors.try_emplace(name, tensor);
    (void)inserted; // the parser refuses a name that occurs twice
    spans.push_back({tensor.offset, tensor.offset + bytes, entry->getKey()});
  }
  if (llvm::Error error = checkLayout(spans, headerSize, fileSize)) {
    return error;
  }
  return header;
}

llvm::Expected<SafetensorsHeader>
qeff::readSafetensorsHeader(const InputFile &file) {
  uint8_t prefix[8];
  if (file.getSize() < sizeof(prefix)) {
    return makeImportError("expects a safetensors file, got " +
                           Twine(file.getSize()) + " bytes");
  }
  if (llvm::Error error = file.read(0, prefix, sizeof(prefix))) {
    return error;
  }
  uint64_t length = llvm::support::endian::read64le(prefix);
  if (length > file.getSize() - sizeof(prefix)) {
    return makeImportError("expects a header inside the file of " +
                           Twine(file.getSize()) +
                           " bytes, got a header of " + Twine(length) +
                           " bytes");
  }
  if (length > kMaxJSONBytes) {
    return makeImportError("expects a header of at most " +
                           Twine(kMaxJSONBytes) + " bytes, got " +
                           Twine(length));
  }
  llvm::Expected<std::string> text = file.readString(sizeof(prefix), length);
  if (!text) {
    return text.takeError();
  }
  return parseSafetensorsHeader(*text, sizeof(prefix) + length,
                                file.getSize());
}
