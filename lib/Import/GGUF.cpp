// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and checks GGUF headers in bounded memory.

#include "qeff/Import/GGUF.h"
#include "qeff/Dialect/QEff/IR/BlockFormat.h"
#include "qeff/Import/InputFile.h"
#include "qeff/Import/JSON.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace qeff;

namespace {
// The format's numbers.
constexpr StringRef kMagic = "GGUF";
constexpr uint64_t kPrefixBytes = 24; // magic, version, two counts
constexpr uint64_t kDefaultAlignment = 32;

// What a header may ask of memory.
constexpr uint64_t kMaxHeaderBytes = 512u << 20;
constexpr uint64_t kMaxKeptBytes = 64u << 20;
constexpr uint64_t kMaxKeyBytes = 65535;
constexpr uint64_t kMaxTensorNameBytes = 256;
constexpr unsigned kMaxAxes = 4;
constexpr int kMaxArrayDepth = 4;
constexpr size_t kWindowBytes = 1 << 16;

// Smallest possible sizes of a metadata pair and of a tensor's description.
constexpr uint64_t kMinPairBytes = 8 + 4 + 1;
constexpr uint64_t kMinTensorBytes = 8 + 4 + 4 + 8;

enum class ValueType : uint32_t {
  U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64
};

/// Reads forward through the header, in a window.
class Cursor {
public:
  Cursor(const InputFile &file)
      : file(file), end(std::min(file.getSize(), kMaxHeaderBytes)) {}

  uint64_t getPosition() const { return position; }
  /// Bytes left of the file or of the limit on headers.
  uint64_t getLeft() const { return end - position; }

  llvm::Error read(void *buffer, uint64_t bytes) {
    if (bytes > getLeft()) {
      return makeEndError();
    }
    auto *out = static_cast<char *>(buffer);
    while (bytes > 0) {
      if (position < windowBegin || position >= windowBegin + window.size()) {
        size_t size = static_cast<size_t>(
            std::min<uint64_t>(kWindowBytes, end - position));
        window.resize(size);
        windowBegin = position;
        if (llvm::Error error = file.read(position, window.data(), size)) {
          window.clear();
          return error;
        }
      }
      size_t from = static_cast<size_t>(position - windowBegin);
      size_t step = static_cast<size_t>(
          std::min<uint64_t>(bytes, window.size() - from));
      std::memcpy(out, window.data() + from, step);
      out += step;
      position += step;
      bytes -= step;
    }
    return llvm::Error::success();
  }

  template <typename T> llvm::Error read(T &value) {
    char bytes[sizeof(T)];
    if (llvm::Error error = read(bytes, sizeof(T))) {
      return error;
    }
    value = llvm::support::endian::read<T, llvm::endianness::little>(bytes);
    return llvm::Error::success();
  }

  llvm::Error skip(uint64_t bytes) {
    if (bytes > getLeft()) {
      return makeEndError();
    }
    position += bytes;
    return llvm::Error::success();
  }

  /// A string of at most `limit` bytes.
  llvm::Error readString(std::string &text, StringRef what, uint64_t limit) {
    uint64_t length = 0;
    if (llvm::Error error = read(length)) {
      return error;
    }
    if (length > limit || length > getLeft()) {
      return makeImportError("expects " + what + " of at most " +
                             Twine(std::min(limit, getLeft())) +
                             " bytes, got " + Twine(length) + " at byte " +
                             Twine(position - 8));
    }
    text.resize(static_cast<size_t>(length));
    return read(text.data(), length);
  }

private:
  llvm::Error makeEndError() const {
    if (end < file.getSize()) {
      return makeImportError("expects a header of at most " +
                             Twine(kMaxHeaderBytes) + " bytes");
    }
    return makeImportError("expects more header after byte " +
                           Twine(position) + ", got the end of the file");
  }

  const InputFile &file;
  uint64_t end;
  uint64_t position = 0;
  uint64_t windowBegin = 0;
  std::vector<char> window;
};

class HeaderReader {
public:
  HeaderReader(const InputFile &file) : file(file), cursor(file) {}
  llvm::Expected<GGUFHeader> run();

private:
  llvm::Error readPrefix();
  llvm::Error readPair();
  llvm::Error readValue(ValueType type, StringRef key);
  llvm::Error readArray(StringRef key, int depth);
  llvm::Error readNumber(ValueType type, std::optional<llvm::json::Value> &out);
  llvm::Error readType(ValueType &type, StringRef key);
  llvm::Error readTensor();
  llvm::Error readAlignment();
  llvm::Error placeTensors();
  llvm::Error keep(uint64_t bytes);

  const InputFile &file;
  Cursor cursor;
  GGUFHeader header;
  uint64_t tensorCount = 0;
  uint64_t alignment = kDefaultAlignment;
  uint64_t kept = 0;
};
} // namespace

/// Bytes of a value of a fixed size, 0 for strings and arrays.
static uint64_t getValueBytes(ValueType type) {
  switch (type) {
  case ValueType::U8:
  case ValueType::I8:
  case ValueType::Bool:
    return 1;
  case ValueType::U16:
  case ValueType::I16:
    return 2;
  case ValueType::U32:
  case ValueType::I32:
  case ValueType::F32:
    return 4;
  case ValueType::U64:
  case ValueType::I64:
  case ValueType::F64:
    return 8;
  case ValueType::String:
  case ValueType::Array:
    return 0;
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// Prefix and metadata
//===----------------------------------------------------------------------===//

/// Accounts for what stays in memory.
llvm::Error HeaderReader::keep(uint64_t bytes) {
  kept += bytes + 64; // a map's entry beside it
  if (kept > kMaxKeptBytes) {
    return makeImportError("expects names and values of at most " +
                           Twine(kMaxKeptBytes) + " bytes in all");
  }
  return llvm::Error::success();
}

llvm::Error HeaderReader::readPrefix() {
  char magic[4];
  if (file.getSize() < kPrefixBytes) {
    return makeImportError("expects a GGUF file, got " +
                           Twine(file.getSize()) + " bytes");
  }
  if (llvm::Error error = cursor.read(magic, sizeof(magic))) {
    return error;
  }
  if (StringRef(magic, sizeof(magic)) != kMagic) {
    return makeImportError("expects a GGUF file, got other first bytes");
  }
  if (llvm::Error error = cursor.read(header.version)) {
    return error;
  }
  if (header.version != 2 && header.version != 3) {
    return makeImportError("expects version 2 or 3, little-endian, got " +
                           Twine(header.version));
  }
  if (llvm::Error error = cursor.read(tensorCount)) {
    return error;
  }
  if (llvm::Error error = cursor.read(header.metadataCount)) {
    return error;
  }
  if (header.metadataCount > cursor.getLeft() / kMinPairBytes) {
    return makeImportError("expects a count of metadata pairs that fits the "
                           "file, got " + Twine(header.metadataCount));
  }
  if (tensorCount > cursor.getLeft() / kMinTensorBytes) {
    return makeImportError("expects a count of tensors that fits the file, "
                           "got " + Twine(tensorCount));
  }
  header.metadataBegin = cursor.getPosition();
  return llvm::Error::success();
}

llvm::Error HeaderReader::readType(ValueType &type, StringRef key) {
  uint32_t number = 0;
  if (llvm::Error error = cursor.read(number)) {
    return error;
  }
  if (number > static_cast<uint32_t>(ValueType::F64)) {
    return makeImportError("key '" + key + "': expects a value type up to " +
                           Twine(static_cast<uint32_t>(ValueType::F64)) +
                           ", got " + Twine(number));
  }
  type = static_cast<ValueType>(number);
  return llvm::Error::success();
}

template <typename T>
static llvm::Error readAs(Cursor &cursor,
                          std::optional<llvm::json::Value> &out) {
  T value;
  if (llvm::Error error = cursor.read(value)) {
    return error;
  }
  out = llvm::json::Value(value);
  return llvm::Error::success();
}

llvm::Error
HeaderReader::readNumber(ValueType type,
                         std::optional<llvm::json::Value> &out) {
  switch (type) {
  case ValueType::U8:
    return readAs<uint8_t>(cursor, out);
  case ValueType::I8:
    return readAs<int8_t>(cursor, out);
  case ValueType::U16:
    return readAs<uint16_t>(cursor, out);
  case ValueType::I16:
    return readAs<int16_t>(cursor, out);
  case ValueType::U32:
    return readAs<uint32_t>(cursor, out);
  case ValueType::I32:
    return readAs<int32_t>(cursor, out);
  case ValueType::U64:
    return readAs<uint64_t>(cursor, out);
  case ValueType::I64:
    return readAs<int64_t>(cursor, out);
  case ValueType::F32: {
    uint32_t bits = 0;
    llvm::Error error = cursor.read(bits);
    out = llvm::json::Value(llvm::bit_cast<float>(bits));
    return error;
  }
  case ValueType::F64: {
    uint64_t bits = 0;
    llvm::Error error = cursor.read(bits);
    out = llvm::json::Value(llvm::bit_cast<double>(bits));
    return error;
  }
  case ValueType::Bool: {
    uint8_t flag = 0;
    if (llvm::Error error = cursor.read(flag)) {
      return error;
    }
    if (flag > 1) {
      return makeImportError("expects a boolean of 0 or 1, got " +
                             Twine(static_cast<unsigned>(flag)));
    }
    out = llvm::json::Value(flag == 1);
    return llvm::Error::success();
  }
  case ValueType::String:
  case ValueType::Array:
    break;
  }
  return makeImportError("expects a number");
}

llvm::Error HeaderReader::readArray(StringRef key, int depth) {
  ValueType type;
  uint64_t count = 0;
  if (llvm::Error error = readType(type, key)) {
    return error;
  }
  if (llvm::Error error = cursor.read(count)) {
    return error;
  }
  uint64_t size = getValueBytes(type);
  // A string has a length of 8 bytes; an array a type and a count.
  uint64_t least = size != 0 ? size : type == ValueType::String ? 8 : 12;
  if (count > cursor.getLeft() / least) {
    return makeImportError("key '" + key + "': expects an array that fits "
                           "the file, got " + Twine(count) + " elements");
  }
  if (depth == 0) {
    header.arrayLengths[key] = count;
  }
  if (size != 0 && (depth > 0 || count > kMaxGGUFArray)) {
    return cursor.skip(count * size);
  }
  if (type == ValueType::Array && depth + 1 >= kMaxArrayDepth) {
    return makeImportError("key '" + key + "': expects arrays nested at most " +
                           Twine(kMaxArrayDepth) + " deep");
  }
  llvm::json::Array values;
  for (uint64_t i = 0; i < count; ++i) {
    if (type == ValueType::Array) {
      if (llvm::Error error = readArray(key, depth + 1)) {
        return error;
      }
    } else if (type == ValueType::String) {
      uint64_t length = 0;
      if (llvm::Error error = cursor.read(length)) {
        return error;
      }
      if (llvm::Error error = cursor.skip(length)) {
        return error;
      }
    } else {
      std::optional<llvm::json::Value> value;
      if (llvm::Error error = readNumber(type, value)) {
        return error;
      }
      values.push_back(std::move(*value));
    }
  }
  if (size == 0 || depth > 0) {
    return llvm::Error::success();
  }
  header.metadata[key] = std::move(values);
  return keep(count * sizeof(llvm::json::Value));
}

llvm::Error HeaderReader::readValue(ValueType type, StringRef key) {
  if (type == ValueType::Array) {
    return readArray(key, 0);
  }
  if (type != ValueType::String) {
    std::optional<llvm::json::Value> value;
    if (llvm::Error error = readNumber(type, value)) {
      return error;
    }
    header.metadata[key] = std::move(*value);
    return llvm::Error::success();
  }
  uint64_t length = 0;
  if (llvm::Error error = cursor.read(length)) {
    return error;
  }
  if (length > cursor.getLeft()) {
    return makeImportError("key '" + key + "': expects a string that fits the "
                           "file, got " + Twine(length) + " bytes");
  }
  if (length > kMaxGGUFString) {
    return cursor.skip(length);
  }
  std::string text(static_cast<size_t>(length), '\0');
  if (llvm::Error error = cursor.read(text.data(), length)) {
    return error;
  }
  if (!llvm::json::isUTF8(text)) {
    return makeImportError("key '" + key + "': expects UTF-8");
  }
  header.metadata[key] = std::move(text);
  return keep(length);
}

llvm::Error HeaderReader::readPair() {
  std::string key;
  if (llvm::Error error = cursor.readString(key, "a key", kMaxKeyBytes)) {
    return error;
  }
  if (key.empty() || !llvm::json::isUTF8(key)) {
    return makeImportError("expects a key in UTF-8 before byte " +
                           Twine(cursor.getPosition()));
  }
  if (llvm::Error error = keep(key.size())) {
    return error;
  }
  // A value that is not kept leaves null, so that its name is known as taken.
  if (!header.metadata.try_emplace(key, nullptr).second) {
    return makeImportError("key '" + key + "': expects it once, got it twice");
  }
  ValueType type;
  if (llvm::Error error = readType(type, key)) {
    return error;
  }
  return readValue(type, key);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

namespace {
struct TypeInfo {
  StringRef name;
  StoredType type;
};
} // namespace

/// The name of ggml's type `number`, and the type where it is read here.
static TypeInfo getTypeInfo(uint32_t number) {
  static const TypeInfo table[] = {
      {"F32", StoredType::F32},       {"F16", StoredType::F16},
      {"Q4_0", StoredType::Q4_0},     {"Q4_1", StoredType::Q4_1},
      {"Q4_2", StoredType::Other},    {"Q4_3", StoredType::Other},
      {"Q5_0", StoredType::Other},    {"Q5_1", StoredType::Other},
      {"Q8_0", StoredType::Q8_0},     {"Q8_1", StoredType::Other},
      {"Q2_K", StoredType::Other},    {"Q3_K", StoredType::Other},
      {"Q4_K", StoredType::Other},    {"Q5_K", StoredType::Other},
      {"Q6_K", StoredType::Other},    {"Q8_K", StoredType::Other},
      {"IQ2_XXS", StoredType::Other}, {"IQ2_XS", StoredType::Other},
      {"IQ3_XXS", StoredType::Other}, {"IQ1_S", StoredType::Other},
      {"IQ4_NL", StoredType::Other},  {"IQ3_S", StoredType::Other},
      {"IQ2_S", StoredType::Other},   {"IQ4_XS", StoredType::Other},
      {"I8", StoredType::Other},      {"I16", StoredType::Other},
      {"I32", StoredType::Other},     {"I64", StoredType::Other},
      {"F64", StoredType::Other},     {"IQ1_M", StoredType::Other},
      {"BF16", StoredType::BF16}};
  return number < std::size(table) ? table[number]
                                   : TypeInfo{"", StoredType::Other};
}

llvm::Error HeaderReader::readTensor() {
  std::string name;
  if (llvm::Error error = cursor.readString(name, "a tensor's name",
                                            kMaxTensorNameBytes)) {
    return error;
  }
  if (name.empty() || !llvm::json::isUTF8(name)) {
    return makeImportError("expects a tensor's name in UTF-8 before byte " +
                           Twine(cursor.getPosition()));
  }
  uint32_t axes = 0, type = 0;
  if (llvm::Error error = cursor.read(axes)) {
    return error;
  }
  if (axes > kMaxAxes) {
    return makeImportError("tensor '" + name + "': expects at most " +
                           Twine(kMaxAxes) + " axes, got " + Twine(axes));
  }
  StoredTensor tensor;
  for (uint32_t axis = 0; axis < axes; ++axis) {
    uint64_t size = 0;
    if (llvm::Error error = cursor.read(size)) {
      return error;
    }
    if (size > static_cast<uint64_t>(INT64_MAX)) {
      return makeImportError("tensor '" + name + "': expects sizes that fit "
                             "63 bits, got " + Twine(size));
    }
    tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(size));
  }
  if (llvm::Error error = cursor.read(type)) {
    return error;
  }
  if (llvm::Error error = cursor.read(tensor.offset)) {
    return error;
  }
  TypeInfo info = getTypeInfo(type);
  tensor.type = info.type;
  tensor.typeName =
      info.name.empty() ? ("type " + Twine(type)).str() : info.name.str();
  if (llvm::Error error = keep(name.size() + sizeof(StoredTensor))) {
    return error;
  }
  if (!header.tensors.try_emplace(name, std::move(tensor)).second) {
    return makeImportError("tensor '" + name +
                           "': expects it once, got it twice");
  }
  return llvm::Error::success();
}

llvm::Error HeaderReader::readAlignment() {
  constexpr StringRef kKey = "general.alignment";
  constexpr int64_t kMaxAlignment = 1 << 20;
  const llvm::json::Value *value = header.metadata.get(kKey);
  if (!value) {
    return llvm::Error::success();
  }
  std::optional<int64_t> number = getJSONInteger(*value);
  if (!number || *number < 8 || *number > kMaxAlignment || *number % 8 != 0) {
    return makeImportError("key '" + kKey + "': expects a multiple of 8 up to " +
                           Twine(kMaxAlignment));
  }
  alignment = static_cast<uint64_t>(*number);
  return llvm::Error::success();
}

/// Bytes of the tensor's data where its type is read here.
static llvm::Expected<std::optional<uint64_t>>
getBytes(StringRef name, const StoredTensor &tensor) {
  std::optional<uint64_t> elements = 1;
  for (int64_t size : tensor.shape) {
    elements = elements ? llvm::checkedMulUnsigned<uint64_t>(*elements, size)
                        : std::nullopt;
  }
  if (!elements) {
    return makeImportError("tensor '" + name +
                           "': expects a shape whose size fits 64 bits");
  }
  if (tensor.type == StoredType::Other) {
    return std::nullopt;
  }
  if (getEncoding(tensor.type) &&
      (tensor.shape.empty() || tensor.shape.back() % kBlockLength != 0)) {
    return makeImportError("tensor '" + name + "': expects rows of whole " +
                           Twine(kBlockLength) + "-element blocks of " +
                           tensor.typeName);
  }
  std::optional<uint64_t> bytes = getStoredBytes(tensor.type, *elements);
  if (!bytes) {
    return makeImportError("tensor '" + name +
                           "': expects a shape whose size fits 64 bits");
  }
  return bytes;
}

/// Makes offsets absolute and checks that the data is there.
llvm::Error HeaderReader::placeTensors() {
  struct Span {
    uint64_t begin, end;
    StringRef name;
  };
  SmallVector<Span> spans;
  uint64_t dataSize =
      file.getSize() > header.size ? file.getSize() - header.size : 0;
  for (auto &entry : header.tensors) {
    StringRef name = entry.getKey();
    StoredTensor &tensor = entry.second;
    llvm::Expected<std::optional<uint64_t>> bytes = getBytes(name, tensor);
    if (!bytes) {
      return bytes.takeError();
    }
    uint64_t size = bytes->value_or(0);
    if (tensor.offset > dataSize || size > dataSize - tensor.offset) {
      return makeImportError(
          "tensor '" + name + "': expects " + Twine(size) +
          " bytes at offset " + Twine(tensor.offset) + ", got " +
          Twine(dataSize) + " bytes of tensor data (is the file cut off?)");
    }
    if (tensor.offset % alignment != 0) {
      return makeImportError("tensor '" + name +
                             "': expects an offset that is a multiple of " +
                             Twine(alignment) + ", got " +
                             Twine(tensor.offset));
    }
    spans.push_back({tensor.offset, tensor.offset + size, name});
    tensor.offset += header.size;
  }
  llvm::sort(spans, [](const Span &a, const Span &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  for (size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].begin < spans[i - 1].end) {
      return makeImportError("tensor '" + spans[i].name +
                             "': expects to begin behind '" +
                             spans[i - 1].name + "', got an overlap");
    }
  }
  return llvm::Error::success();
}

llvm::Expected<GGUFHeader> HeaderReader::run() {
  if (llvm::Error error = readPrefix()) {
    return error;
  }
  for (uint64_t i = 0; i < header.metadataCount; ++i) {
    if (llvm::Error error = readPair()) {
      return error;
    }
  }
  header.metadataEnd = cursor.getPosition();
  if (llvm::Error error = readAlignment()) {
    return error;
  }
  for (uint64_t i = 0; i < tensorCount; ++i) {
    if (llvm::Error error = readTensor()) {
      return error;
    }
  }
  // A file without tensors may end before the padding.
  header.size = std::min(llvm::alignTo(cursor.getPosition(), alignment),
                         file.getSize());
  if (llvm::Error error = placeTensors()) {
    return error;
  }
  return std::move(header);
}

llvm::Expected<GGUFHeader> qeff::readGGUFHeader(const InputFile &file) {
  return HeaderReader(file).run();
}

llvm::Expected<SmallVector<double>>
qeff::readSmallGGUFTensor(const InputFile &file, const GGUFHeader &header,
                          StringRef name) {
  auto entry = header.tensors.find(name);
  if (entry == header.tensors.end()) {
    return makeImportError("expects tensor '" + name + "'");
  }
  const StoredTensor &tensor = entry->second;
  if (tensor.type != StoredType::F32 || tensor.shape.size() != 1 ||
      tensor.shape[0] > static_cast<int64_t>(kMaxGGUFArray)) {
    return makeImportError("tensor '" + name + "': expects an F32 vector of "
                           "at most " + Twine(kMaxGGUFArray) + " elements");
  }
  SmallVector<char> bytes(static_cast<size_t>(tensor.shape[0]) * 4);
  if (llvm::Error error =
          file.read(tensor.offset, bytes.data(), bytes.size())) {
    return error;
  }
  SmallVector<double> values;
  for (size_t i = 0; i < bytes.size(); i += 4) {
    values.push_back(llvm::bit_cast<float>(
        llvm::support::endian::read32le(bytes.data() + i)));
  }
  return values;
}
