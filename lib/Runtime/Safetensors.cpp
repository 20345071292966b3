// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and checks the header of a safetensors file.

#include "Safetensors.h"

#include "Error.h"
#include "Json.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

using namespace qeff::runtime;

namespace {
constexpr size_t maxRank = 8;
constexpr int64_t maxDim = int64_t(1) << 40;
constexpr int64_t maxEnd = int64_t(1) << 48;
constexpr size_t maxNameLength = 4096;
constexpr uint64_t prefixBytes = 8;

StoredTensor parseTensor(const JsonCursor &json, const std::string &name,
                         uint64_t dataBegin, uint64_t fileSize) {
  StoredTensor tensor;
  tensor.dtype = json["dtype"].string();
  if (tensor.dtype != "F32" && tensor.dtype != "F16" &&
      tensor.dtype != "BF16") {
    fail("'", name, "': expects dtype F32, F16 or BF16, got '",
         tensor.dtype.substr(0, 80), "'");
  }
  JsonCursor shape = json["shape"];
  if (shape.size() > maxRank) {
    fail("'", name, "': expects at most ", maxRank, " dims, got ",
         shape.size());
  }
  uint64_t size = tensor.getElementBytes();
  for (size_t i = 0, e = shape.size(); i < e; ++i) {
    tensor.shape.push_back(shape.at(i).integer(0, maxDim));
    if (__builtin_mul_overflow(size, uint64_t(tensor.shape.back()), &size)) {
      fail("'", name, "': expects a shape whose size fits 64 bits");
    }
  }
  JsonCursor offsets = json["data_offsets"];
  if (offsets.size() != 2) {
    fail("'", name, "': expects data_offsets [begin, end], got ",
         offsets.size(), " numbers");
  }
  int64_t begin = offsets.at(0).integer(0, maxEnd);
  int64_t end = offsets.at(1).integer(begin, maxEnd);
  if (uint64_t(end) > fileSize - dataBegin) {
    fail("'", name, "': expects to end within the ", fileSize - dataBegin,
         " bytes of tensor data, got end ", end, "; the file is truncated");
  }
  tensor.offset = dataBegin + uint64_t(begin);
  tensor.size = uint64_t(end - begin);
  if (tensor.size != size) {
    fail("'", name, "': expects ", size, " bytes by dtype and shape, got ",
         tensor.size);
  }
  return tensor;
}

/// The tensors follow each other up to the file's end.
void checkLayout(const SafetensorsHeader &header, uint64_t dataBegin,
                 uint64_t fileSize) {
  std::vector<const std::pair<const std::string, StoredTensor> *> order;
  for (const auto &entry : header.tensors) {
    order.push_back(&entry);
  }
  std::stable_sort(order.begin(), order.end(), [](auto *a, auto *b) {
    return a->second.offset != b->second.offset
               ? a->second.offset < b->second.offset
               : a->second.size < b->second.size;
  });
  uint64_t end = dataBegin;
  for (const auto *entry : order) {
    if (entry->second.offset != end) {
      fail("'", entry->first, "': expects to begin at byte ", end,
           ", where the tensor before it ends, got ", entry->second.offset);
    }
    end += entry->second.size;
  }
  if (end != fileSize) {
    fail("expects a file of ", end, " bytes, where the last tensor ends, got ",
         fileSize);
  }
}

float fromF16(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t exponent = half >> 10 & 31;
  uint32_t mantissa = half & 0x3FF;
  uint32_t bits;
  if (exponent == 31) {
    bits = sign | 0x7F800000 | mantissa << 13;
  } else if (exponent != 0) {
    bits = sign | (exponent + 112) << 23 | mantissa << 13;
  } else {
    float value = float(mantissa) / 16777216.0f; // exact: mantissa·2^−24
    std::memcpy(&bits, &value, 4);
    bits |= sign;
  }
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
} // namespace

SafetensorsHeader SafetensorsHeader::read(const File &file) {
  uint64_t fileSize = file.getSize();
  unsigned char prefix[prefixBytes];
  if (fileSize < prefixBytes) {
    fail("expects a safetensors file, got ", fileSize, " bytes");
  }
  file.readAt(prefix, prefixBytes, 0);
  uint64_t length = 0;
  for (size_t i = 0; i < prefixBytes; ++i) {
    length |= uint64_t(prefix[i]) << (8 * i);
  }
  if (length > fileSize - prefixBytes) {
    fail("expects a header inside the file of ", fileSize,
         " bytes, got a header of ", length, " bytes");
  }
  if (length > maxBytes) {
    fail("expects a header of at most ", maxBytes, " bytes, got ", length);
  }
  std::string text(length, '\0');
  file.readAt(text.data(), text.size(), prefixBytes);

  nlohmann::json tree = parseJson(text);
  JsonCursor json(tree);
  uint64_t dataBegin = prefixBytes + length;
  SafetensorsHeader header;
  for (const std::string &name : json.keys()) {
    if (name.size() > maxNameLength ||
        name.find('\0') != std::string::npos) {
      fail("expects names of at most ", maxNameLength,
           " characters without zero characters");
    }
    JsonCursor value = json[name.c_str()];
    if (name == "__metadata__") {
      for (const std::string &key : value.keys()) {
        header.metadata[key] = value[key.c_str()].string();
      }
      continue;
    }
    header.tensors[name] = parseTensor(value, name, dataBegin, fileSize);
  }
  checkLayout(header, dataBegin, fileSize);
  return header;
}

void qeff::runtime::convertToF32(const std::byte *source,
                                 const std::string &dtype, size_t count,
                                 float *result) {
  if (dtype == "F32") {
    std::memcpy(result, source, 4 * count);
    return;
  }
  bool isBF16 = dtype == "BF16";
  for (size_t i = 0; i < count; ++i) {
    uint16_t half;
    std::memcpy(&half, source + 2 * i, 2);
    if (isBF16) {
      uint32_t bits = uint32_t(half) << 16;
      std::memcpy(&result[i], &bits, 4);
    } else {
      result[i] = fromF16(half);
    }
  }
}
