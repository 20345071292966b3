// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes the reader of qpc.json. Inputs are mutated as text and as JSON trees,
// so that most get past the JSON parser to the checks behind it. At the end it
// prints how many inputs there were, how many were JSON, and how many were
// accepted as a manifest.

#include "FuzzCounts.h"

#include "Error.h"
#include "Json.h"
#include "Manifest.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

using nlohmann::json;
using namespace qeff::runtime;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

namespace {
Counts counts;

/// A manifest that is accepted, where the input to mutate is no JSON.
const char *const goodManifest = R"({
 "format": "qeff.host-qpc", "version": 1, "producer": "p",
 "cpu": {"triple": "x86_64-unknown-linux-gnu", "name": "n",
         "features": ["avx2", "fma"]},
 "files": {
  "program": {"path": "program.so", "size": 9, "sha256":
   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
  "weights": {"path": "weights.bin", "size": 64, "sha256":
   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}},
 "model": {"vocab_size": 9, "max_position": 32, "eos_token_ids": [2],
           "architecture": "A"},
 "state_bytes": 640,
 "states": [
  {"name": "k", "dtype": "f32", "shape": [1, 1, 9, 2],
   "layout": "bhc/16dc", "offset": 0, "size": 128},
  {"name": "v", "dtype": "f16", "shape": [1, 1, 9, 2], "layout": "bhcd",
   "offset": 128, "size": 36}],
 "adapter": {"bytes": 8640, "max_lora_rank": 12, "targets": [
  {"module": "q", "in": 2, "out": 40, "header": 0, "a": 128,
   "parts": [{"row": 0, "size": 33, "b": 256},
             {"row": 33, "size": 7, "b": 4352}]},
  {"module": "o", "in": 3, "out": 32, "header": 64, "a": 6400,
   "parts": [{"row": 0, "size": 32, "b": 6592}]}]},
 "functions": [
  {"name": "decode", "dims": {"batch_size": 1, "seq_len": 1, "ctx_len": 9},
   "arena_bytes": 64, "io_bytes": 640,
   "inputs": [
    {"name": "input_ids", "dtype": "i64", "shape": [1, 1], "offset": 0,
     "size": 8},
    {"name": "position_ids", "dtype": "i64", "shape": [1, 1], "offset": 64,
     "size": 8}],
   "outputs": [
    {"name": "logits", "dtype": "f32", "shape": [1, 1, 9], "offset": 128,
     "size": 36}]}]})";

/// All values of the tree, so that each is as likely to be changed.
void collect(json &value, std::vector<json *> &values) {
  values.push_back(&value);
  if (value.is_structured()) {
    for (json &child : value) {
      collect(child, values);
    }
  }
}

json makeNumber(std::mt19937 &random) {
  static const int64_t numbers[] = {0,    1,       -1,        16,  63,
                                    64,   65,      128,       480, 1932,
                                    4096, 1 << 20, 1LL << 32, 1LL << 48,
                                    INT64_MAX, INT64_MIN};
  return numbers[random() % std::size(numbers)];
}

void mutateValue(json &value, const json &other, std::mt19937 &random) {
  switch (random() % 8) {
  case 6:
  case 7:
    // Gentle: often still a manifest.
    if (value.is_number_integer()) {
      value = int64_t(value.get<uint64_t>() + random() % 3 * 64);
    } else if (value.is_string()) {
      value = value.get<std::string>() + char('a' + random() % 26);
    } else if (value.is_array() && !value.empty()) {
      value.erase(value.size() - 1);
    } else if (value.is_object()) {
      value["extra"] = other;
    }
    return;
  case 0:
    value = makeNumber(random);
    return;
  case 1:
    value = other;
    return;
  case 2:
    if (value.is_number_integer()) {
      value = value.get<int64_t>() / 2 + 64 - int64_t(random() % 129);
      return;
    }
    if (value.is_string()) {
      static const char *const strings[] = {
          "", "f32", "i64", "bhcd", "bhc/16dc", "..", "/etc", "input_ids"};
      value = strings[random() % std::size(strings)];
      return;
    }
    value = nullptr;
    return;
  case 3:
    if (value.is_array()) {
      value.push_back(other);
      return;
    }
    if (value.is_object()) {
      value["name"] = other;
      return;
    }
    value = json::array({value, value});
    return;
  case 4:
    if (value.is_structured() && !value.empty()) {
      auto it = value.begin();
      std::advance(it, random() % value.size());
      value.erase(it);
      return;
    }
    value = 0.5;
    return;
  default:
    value = json::object({{"name", value}});
  }
}

size_t copyBack(const std::string &text, uint8_t *data, size_t max) {
  if (text.size() > max) {
    return 0;
  }
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t max, unsigned seed) {
  std::mt19937 random(seed);
  json tree = json::parse(data, data + size, nullptr,
                          /*allow_exceptions=*/false);
  if (random() % 4 != 0) {
    if (tree.is_discarded()) {
      tree = json::parse(goodManifest);
    }
    for (unsigned i = 0, e = 1 + random() % 3; i < e; ++i) {
      std::vector<json *> values;
      collect(tree, values);
      json other = *values[random() % values.size()];
      mutateValue(*values[random() % values.size()], other, random);
    }
    std::string text =
        tree.dump(-1, ' ', false, json::error_handler_t::replace);
    if (size_t length = copyBack(text, data, max)) {
      return length;
    }
  }
  return LLVMFuzzerMutate(data, size, max);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  ++counts.executions;
  try {
    parseJson(text);
    ++counts.parsed;
    Manifest manifest = Manifest::parse(text);
    ++counts.accepted;
    // What holds of every manifest that is accepted.
    for (const FunctionDesc &function : manifest.functions) {
      for (auto *tensors : {&function.inputs, &function.outputs}) {
        for (const TensorDesc &tensor : *tensors) {
          if (tensor.offset % 64 != 0 || tensor.size > function.ioBytes ||
              tensor.offset > function.ioBytes - tensor.size) {
            std::abort();
          }
        }
      }
    }
    uint64_t capacity = uint64_t(manifest.adapter.getCapacity());
    for (const AdapterTarget &target : manifest.adapter.targets) {
      uint64_t bytes = manifest.adapter.bytes;
      if (target.header + 64 > bytes ||
          target.a + capacity * 4 * uint64_t(target.in) > bytes) {
        std::abort();
      }
      for (const AdapterPart &part : target.parts) {
        if (part.row + part.size > target.out ||
            part.offset + capacity * 4 * uint64_t(part.size) > bytes) {
          std::abort();
        }
      }
    }
    if (manifest.program.path.find('/') != std::string::npos) {
      std::abort();
    }
  } catch (const Error &error) {
    if (error.what()[0] == '\0') {
      std::abort();
    }
  }
  return 0;
}
