// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes the runtime's reader of adapter files. An input is a file's bytes. The
// mutator makes adapters that fit the package below, spoils a few places of the
// header, and keeps the header's length and the data's in step most of the time.

#include "FuzzCounts.h"

#include "Adapter.h"
#include "Error.h"

#include "qeff/Runtime/ProgramABI.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using nlohmann::json;
using namespace qeff::runtime;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

namespace {
Counts counts;

/// Two modules, one in two parts; room for 16 ranks.
AdapterDesc makeDesc() {
  AdapterDesc desc;
  desc.bytes = 8640;
  desc.maxRank = 12;
  desc.targets = {{"q", 2, 40, 0, 128, {{0, 33, 256}, {33, 7, 4352}}},
                  {"o", 3, 32, 64, 6400, {{0, 32, 6592}}}};
  return desc;
}
const AdapterDesc desc = makeDesc();

std::string join(uint64_t length, const std::string &header, uint64_t data) {
  std::string bytes(reinterpret_cast<const char *>(&length), 8);
  return bytes + header + std::string(data, '\x11');
}

/// Adds a tensor at `end` and moves that.
void add(json &header, const std::string &name, std::vector<int64_t> shape,
         std::mt19937 &random, int64_t &end) {
  static const std::pair<const char *, int64_t> types[] = {
      {"F32", 4}, {"F16", 2}, {"BF16", 2}};
  auto [type, size] = types[shape.size() == 1 ? 0 : random() % 3];
  for (int64_t dim : shape) {
    size *= dim;
  }
  header[name] = {{"dtype", type},
                  {"shape", shape},
                  {"data_offsets", {end, end + size}}};
  end += size;
}

json makeHeader(std::mt19937 &random, int64_t &end) {
  json header = {{"__metadata__", {{"format", "qeff.adapter"}}}};
  for (const AdapterTarget &target : desc.targets) {
    if (random() % 4 == 0) {
      continue;
    }
    int64_t rank = 1 + random() % 12;
    std::string name = "base_model.model." + target.module;
    add(header, name + ".lora_A.weight", {rank, target.in}, random, end);
    add(header, name + ".lora_B.weight", {target.out, rank}, random, end);
    add(header, target.module + ".lora_scaling", {1}, random, end);
  }
  return header;
}

void collect(json &value, std::vector<json *> &values) {
  values.push_back(&value);
  if (value.is_structured()) {
    for (json &child : value) {
      collect(child, values);
    }
  }
}

void spoil(json &header, std::mt19937 &random) {
  static const char *const names[] = {
      "base_model.model.q.lora_A.weight", "base_model.model.q.lora_B.weight",
      "q.lora_scaling", "__metadata__", "base_model.model.x.lora_A.weight",
      "x.lora_scaling", "base_model.model..lora_A.weight", "",
      ".lora_scaling"};
  static const int64_t numbers[] = {0, 1, -1, 2, 12, 13, 64, 1LL << 40,
                                    1LL << 48, INT64_MAX, INT64_MIN};
  std::vector<json *> values;
  collect(header, values);
  json &value = *values[random() % values.size()];
  switch (random() % 6) {
  case 0:
    if (header.is_object()) {
      header[names[random() % std::size(names)]] = value;
    }
    return;
  case 1:
    value = numbers[random() % std::size(numbers)];
    return;
  case 2:
    if (value.is_structured() && !value.empty()) {
      auto it = value.begin();
      std::advance(it, random() % value.size());
      value.erase(it);
    }
    return;
  case 3:
    if (value.is_number_integer()) {
      value = int64_t(value.get<uint64_t>() + random() % 9 - 4);
    }
    return;
  case 4:
    if (value.is_array()) {
      value.push_back(2);
    }
    return;
  default:
    value = "F16";
  }
}
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t max, unsigned seed) {
  std::mt19937 random(seed);
  if (random() % 4 == 0) {
    return LLVMFuzzerMutate(data, size, max);
  }
  int64_t end = 0;
  json header = makeHeader(random, end);
  for (unsigned i = random() % 3; i > 0; --i) {
    spoil(header, random);
  }
  std::string text =
      header.dump(-1, ' ', false, json::error_handler_t::replace);
  uint64_t length = text.size();
  if (random() % 16 == 0) {
    length += random() % 32 - 16;
  }
  if (random() % 16 == 0) {
    end += int64_t(random() % 16) - 8;
  }
  std::string bytes = join(length, text, uint64_t(std::max<int64_t>(end, 0)));
  for (unsigned i = random() % 8 == 0 ? 3 : 0; i > 0; --i) {
    bytes[random() % bytes.size()] = char(random());
  }
  if (bytes.size() > max) {
    return LLVMFuzzerMutate(data, size, max);
  }
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int fd = memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, 0) != 0 ||
      pwrite(fd, data, size, 0) != ssize_t(size)) {
    std::abort();
  }
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  ++counts.executions;
  AdapterOptions options;
  options.allowNonfinite = size % 2 == 0;
  try {
    Adapter adapter(desc, path, options);
    ++counts.parsed;
    ++counts.accepted;
    // What holds of every adapter that is accepted.
    for (const AdapterTarget &target : desc.targets) {
      qeff_adapter_header header;
      std::memcpy(&header, adapter.data() + target.header, sizeof(header));
      if (header.rank < 0 || header.rank > desc.getCapacity() ||
          header.rank % 8 != 0) {
        std::abort();
      }
    }
    if (adapter.getNumTargets() < 1 || adapter.getBytes() > desc.bytes) {
      std::abort();
    }
  } catch (const Error &error) {
    // Every message names the file; behind the JSON parser are the checks of
    // tensors and targets, which name those.
    std::string message = error.what();
    if (message.compare(0, path.size() + 2, path + ": ") != 0) {
      std::abort();
    }
    if (message.find(": '") != std::string::npos ||
        message.find("where the last tensor ends") != std::string::npos) {
      ++counts.parsed;
    }
  }
  return 0;
}
