// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes the reader of safetensors headers. An input is 8 bytes that say how
// much (sparse) tensor data follows, then the file's first bytes. The mutator
// makes tensors that tile the data and then spoils a few places.

#include "FuzzSupport.h"
#include "SparseFile.h"

#include "qeff/Import/JSON.h"
#include "qeff/Import/Safetensors.h"

#include "llvm/Support/Endian.h"

#include <cstdlib>

using namespace qeff;
using llvm::json::Array;
using llvm::json::Object;
using JSONValue = llvm::json::Value;

static constexpr uint64_t kMaxData = 1ull << 40;

static std::string join(uint64_t dataBytes, uint64_t length,
                        llvm::StringRef header) {
  std::string out(16, '\0');
  llvm::support::endian::write64le(out.data(), dataBytes);
  llvm::support::endian::write64le(out.data() + 8, length);
  return out + header.str();
}

/// Up to eight tensors one behind the other; adds their size to `end`.
static JSONValue makeHeader(std::mt19937 &random, uint64_t &end) {
  static const std::pair<const char *, uint64_t> types[] = {
      {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"BOOL", 1}, {"?", 3}};
  Object header;
  for (unsigned i = 0, e = random() % 8; i < e; ++i) {
    auto [type, bytes] = types[random() % std::size(types)];
    Array shape;
    uint64_t size = bytes;
    for (unsigned axis = 0, rank = random() % 4; axis < rank; ++axis) {
      uint64_t length = 1ull << (random() % 10);
      shape.push_back(length);
      size *= length;
    }
    Array offsets;
    offsets.push_back(end);
    end += size;
    offsets.push_back(end);
    header["t" + std::to_string(i)] =
        Object{{"dtype", type},
               {"shape", std::move(shape)},
               {"data_offsets", std::move(offsets)}};
  }
  if (random() % 4 == 0) {
    header["__metadata__"] = Object{{"format", "pt"}};
  }
  return header;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t max, unsigned seed) {
  std::mt19937 random(seed);
  unsigned choice = random() % 8;
  if (choice == 0) {
    return LLVMFuzzerMutate(data, size, max);
  }
  uint64_t dataBytes = 0;
  JSONValue tree = nullptr;
  if (size > 16 && choice < 5) {
    dataBytes = llvm::support::endian::read64le(data);
    llvm::Expected<Object> parsed = parseJSONObject(llvm::StringRef(
        reinterpret_cast<const char *>(data) + 16, size - 16));
    if (parsed) {
      tree = std::move(*parsed);
    } else {
      llvm::consumeError(parsed.takeError());
    }
  }
  if (tree.kind() != JSONValue::Object) {
    dataBytes = 0;
    tree = makeHeader(random, dataBytes);
  }
  if (choice < 6) {
    fuzz::mutateJSON(tree, random);
  }
  std::string header = fuzz::print(tree);
  uint64_t length = header.size();
  if (random() % 32 == 0) {
    length += random() % 64 - 32;
  }
  if (random() % 16 == 0) {
    dataBytes += random() % 64 - 32;
  }
  std::string joined = join(dataBytes, length, header);
  size_t copied = fuzz::copyBack(joined, data, max);
  return copied != 0 ? copied : LLVMFuzzerMutate(data, size, max);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ++fuzz::stats.executions;
  if (size < 8) {
    return 0;
  }
  uint64_t dataBytes = llvm::support::endian::read64le(data) % kMaxData;
  llvm::StringRef bytes(reinterpret_cast<const char *>(data) + 8, size - 8);
  InputFile file = fuzz::makeSparseFile(bytes, dataBytes);
  llvm::Expected<SafetensorsHeader> header = readSafetensorsHeader(file);
  if (!header) {
    std::string message = llvm::toString(header.takeError());
    // Behind the JSON parser are the checks of tensors and of the layout.
    if (llvm::StringRef(message).starts_with("tensor '") ||
        message.find("where the last tensor ends") != std::string::npos) {
      ++fuzz::stats.pastParser;
    }
    return 0;
  }
  ++fuzz::stats.pastParser;
  ++fuzz::stats.accepted;
  // What holds of every header that is accepted.
  for (const auto &entry : header->tensors) {
    if (entry.second.offset < header->size ||
        entry.second.offset > file.getSize()) {
      std::abort();
    }
  }
  llvm::cantFail(file.hashPrefix(header->size));
  return 0;
}
