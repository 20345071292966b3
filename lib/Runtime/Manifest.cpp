// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and checks qpc.json.

#include "Manifest.h"

#include "Error.h"
#include "Json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

using namespace qeff::runtime;

namespace {
constexpr int64_t maxDim = int64_t(1) << 32;
constexpr size_t maxRank = 8;
constexpr size_t maxFunctions = 1024;
constexpr size_t maxTensors = 65536;
constexpr size_t maxParts = 64;
constexpr int64_t maxAdapterRank = 65536;
/// The product of a shape's dims and the element size stays below this.
constexpr uint64_t maxTensorBytes = uint64_t(1) << 48;

/// Bytes of a tensor in its layout. Fails when that is too many.
uint64_t getTensorBytes(const TensorDesc &tensor, const JsonCursor &json) {
  std::vector<int64_t> shape = tensor.shape;
  if (tensor.layout == "bhc/16dc") {
    shape[2] = (shape[2] + 15) / 16 * 16;
  }
  uint64_t bytes = getElementBytes(tensor.dtype);
  for (int64_t dim : shape) {
    if (__builtin_mul_overflow(bytes, uint64_t(dim), &bytes) ||
        bytes > maxTensorBytes) {
      json["shape"].failExpecting("at most 2^48 bytes");
    }
  }
  return bytes;
}

TensorDesc parseTensor(const JsonCursor &json, bool isState) {
  TensorDesc tensor;
  tensor.name = json["name"].name();
  tensor.dtype = json["dtype"].string();
  if (getElementBytes(tensor.dtype) == 0) {
    json["dtype"].failExpecting(
        "one of bool, i8, u8, i16, u16, i32, u32, i64, u64, f16, bf16, f32, "
        "f64");
  }
  JsonCursor shape = json["shape"];
  if (shape.size() > maxRank) {
    fail(shape.getPath(), ": expects at most ", maxRank, " dims, got ",
         shape.size());
  }
  for (size_t i = 0, e = shape.size(); i < e; ++i) {
    tensor.shape.push_back(shape.at(i).integer(isState ? 1 : 0, maxDim));
  }
  if (isState) {
    tensor.layout = json["layout"].string();
    if (tensor.layout != "bhcd" && tensor.layout != "bhc/16dc") {
      json["layout"].failExpecting("'bhcd' or 'bhc/16dc'");
    }
    if (tensor.shape.size() != 4) {
      fail(shape.getPath(), ": expects 4 dims, got ", tensor.shape.size());
    }
  }
  tensor.offset = json["offset"].offset();
  tensor.size = json["size"].bytes();
  uint64_t bytes = getTensorBytes(tensor, json);
  if (tensor.size != bytes) {
    fail(json["size"].getPath(), ": expects ", bytes,
         " by dtype and shape, got ", tensor.size);
  }
  return tensor;
}

/// Each tensor lies inside [0, bytes), no two overlap, no two share a name.
void checkPlacement(std::vector<const TensorDesc *> tensors, uint64_t bytes,
                    const std::string &path, const char *segment) {
  std::set<std::string_view> names;
  for (const TensorDesc *tensor : tensors) {
    if (!names.insert(tensor->name).second) {
      fail(path, ": expects distinct names, got '", tensor->name, "' twice");
    }
    if (tensor->offset > bytes || tensor->size > bytes - tensor->offset) {
      fail(path, ": expects '", tensor->name, "' inside ", segment, " = ",
           bytes, ", got offset ", tensor->offset, " and size ",
           tensor->size);
    }
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorDesc *a, const TensorDesc *b) {
              return a->offset < b->offset;
            });
  for (size_t i = 1; i < tensors.size(); ++i) {
    if (tensors[i - 1]->offset + tensors[i - 1]->size > tensors[i]->offset) {
      fail(path, ": expects '", tensors[i - 1]->name, "' and '",
           tensors[i]->name, "' not to overlap");
    }
  }
}

std::vector<TensorDesc> parseTensors(const JsonCursor &json, bool isState) {
  std::vector<TensorDesc> tensors;
  if (json.size() > maxTensors) {
    fail(json.getPath(), ": expects at most ", maxTensors, " tensors, got ",
         json.size());
  }
  for (size_t i = 0, e = json.size(); i < e; ++i) {
    tensors.push_back(parseTensor(json.at(i), isState));
  }
  return tensors;
}

FunctionDesc parseFunction(const JsonCursor &json) {
  FunctionDesc function;
  function.name = json["name"].name();
  JsonCursor dims = json["dims"];
  for (const std::string &dim : dims.keys()) {
    function.dims[dim] = dims[dim.c_str()].integer(0, maxDim);
  }
  function.arenaBytes = json["arena_bytes"].bytes();
  function.ioBytes = json["io_bytes"].bytes();
  function.inputs = parseTensors(json["inputs"], /*isState=*/false);
  function.outputs = parseTensors(json["outputs"], /*isState=*/false);
  std::vector<const TensorDesc *> tensors;
  for (auto *list : {&function.inputs, &function.outputs}) {
    for (const TensorDesc &tensor : *list) {
      tensors.push_back(&tensor);
    }
  }
  checkPlacement(std::move(tensors), function.ioBytes, json.getPath(),
                 "io_bytes");
  return function;
}

/// Sizes are products of numbers up to 2^16 and 2^32: no overflow.
TensorDesc makeBlock(const AdapterTarget &target, const char *what,
                     uint64_t offset, uint64_t size) {
  TensorDesc block;
  block.name = target.module + what;
  block.offset = offset;
  block.size = size;
  return block;
}

AdapterTarget parseTarget(const JsonCursor &json, int64_t capacity,
                          std::vector<TensorDesc> &blocks) {
  AdapterTarget target;
  target.module = json["module"].name();
  target.in = json["in"].integer(1, maxDim);
  target.out = json["out"].integer(1, maxDim);
  target.header = json["header"].offset();
  target.a = json["a"].offset();
  blocks.push_back(makeBlock(target, " header", target.header, 64));
  blocks.push_back(
      makeBlock(target, " a", target.a, uint64_t(capacity * 4 * target.in)));
  JsonCursor parts = json["parts"];
  size_t count = parts.size();
  if (count == 0 || count > maxParts) {
    fail(parts.getPath(), ": expects 1 to ", maxParts, " parts, got ", count);
  }
  int64_t end = 0;
  for (size_t i = 0; i < count; ++i) {
    JsonCursor entry = parts.at(i);
    AdapterPart part;
    part.row = entry["row"].integer(end, target.out - 1);
    part.size = entry["size"].integer(1, target.out - part.row);
    part.offset = entry["b"].offset();
    end = part.row + part.size;
    uint64_t padded = uint64_t(part.size + 31) / 32 * 32;
    std::string what = " b " + std::to_string(part.row);
    blocks.push_back(makeBlock(target, what.c_str(), part.offset,
                               uint64_t(capacity) * 4 * padded));
    target.parts.push_back(part);
  }
  return target;
}

AdapterDesc parseAdapter(const JsonCursor &json) {
  AdapterDesc adapter;
  adapter.bytes = json["bytes"].bytes();
  adapter.maxRank = json["max_lora_rank"].integer(1, maxAdapterRank);
  JsonCursor targets = json["targets"];
  size_t count = targets.size();
  if (count == 0 || count > maxTensors) {
    fail(targets.getPath(), ": expects 1 to ", maxTensors, " targets, got ",
         count);
  }
  std::vector<TensorDesc> blocks;
  std::set<std::string> modules;
  for (size_t i = 0; i < count; ++i) {
    adapter.targets.push_back(
        parseTarget(targets.at(i), adapter.getCapacity(), blocks));
    const std::string &module = adapter.targets.back().module;
    if (!modules.insert(module).second) {
      fail(targets.getPath(), ": expects distinct modules, got '", module,
           "' twice");
    }
  }
  std::vector<const TensorDesc *> pointers;
  for (const TensorDesc &block : blocks) {
    pointers.push_back(&block);
  }
  checkPlacement(std::move(pointers), adapter.bytes, targets.getPath(),
                 "adapter.bytes");
  return adapter;
}

FileDesc parseFile(const JsonCursor &json) {
  FileDesc file;
  JsonCursor path = json["path"];
  file.path = path.name();
  if (file.path.find('/') != std::string::npos || file.path == "." ||
      file.path == "..") {
    path.failExpecting("a file name inside the package");
  }
  file.size = json["size"].bytes();
  file.sha256 = json["sha256"].string();
  if (file.sha256.size() != 64 ||
      file.sha256.find_first_not_of("0123456789abcdef") !=
          std::string::npos) {
    json["sha256"].failExpecting("64 lower-case hex digits");
  }
  return file;
}
} // namespace

uint64_t qeff::runtime::getElementBytes(std::string_view dtype) {
  if (dtype == "bool" || dtype == "i8" || dtype == "u8") {
    return 1;
  }
  if (dtype == "i16" || dtype == "u16" || dtype == "f16" || dtype == "bf16") {
    return 2;
  }
  if (dtype == "i32" || dtype == "u32" || dtype == "f32") {
    return 4;
  }
  return dtype == "i64" || dtype == "u64" || dtype == "f64" ? 8 : 0;
}

static const TensorDesc *find(const std::vector<TensorDesc> &tensors,
                              std::string_view name) {
  for (const TensorDesc &tensor : tensors) {
    if (tensor.name == name) {
      return &tensor;
    }
  }
  return nullptr;
}

int64_t FunctionDesc::getDim(const std::string &dim) const {
  auto it = dims.find(dim);
  return it == dims.end() ? -1 : it->second;
}

const TensorDesc *FunctionDesc::findInput(std::string_view name) const {
  return find(inputs, name);
}

const TensorDesc *FunctionDesc::findOutput(std::string_view name) const {
  return find(outputs, name);
}

const TensorDesc *FunctionDesc::findTensor(std::string_view name) const {
  const TensorDesc *input = findInput(name);
  return input ? input : findOutput(name);
}

Manifest Manifest::parse(std::string_view text) {
  if (text.size() > maxBytes) {
    fail("expects at most ", maxBytes, " bytes, got ", text.size());
  }
  nlohmann::json tree = parseJson(text);
  JsonCursor json(tree);
  if (json["format"].string() != "qeff.host-qpc") {
    json["format"].failExpecting("'qeff.host-qpc'");
  }
  if (json["version"].integer(0, INT32_MAX) != 1) {
    json["version"].failExpecting("1");
  }
  Manifest manifest;
  manifest.producer = json["producer"].string();
  JsonCursor cpu = json["cpu"];
  manifest.triple = cpu["triple"].name();
  manifest.cpuName = cpu["name"].string();
  JsonCursor features = cpu["features"];
  for (size_t i = 0, e = features.size(); i < e; ++i) {
    manifest.cpuFeatures.push_back(features.at(i).name());
  }
  manifest.program = parseFile(json["files"]["program"]);
  manifest.weights = parseFile(json["files"]["weights"]);

  JsonCursor model = json["model"];
  manifest.architecture = model["architecture"].string();
  // 0: a graph that has no vocabulary or positions.
  manifest.vocabSize = model["vocab_size"].integer(0, INT32_MAX);
  manifest.maxPosition = model["max_position"].integer(0, INT32_MAX);
  JsonCursor eos = model["eos_token_ids"];
  for (size_t i = 0, e = eos.size(); i < e; ++i) {
    manifest.eosTokenIds.push_back(
        eos.at(i).integer(0, INT32_MAX));
  }

  manifest.stateBytes = json["state_bytes"].bytes();
  manifest.states = parseTensors(json["states"], /*isState=*/true);
  std::vector<const TensorDesc *> states;
  for (const TensorDesc &state : manifest.states) {
    states.push_back(&state);
  }
  checkPlacement(std::move(states), manifest.stateBytes, "states",
                 "state_bytes");

  if (json.has("adapter")) {
    manifest.adapter = parseAdapter(json["adapter"]);
  }

  JsonCursor functions = json["functions"];
  size_t count = functions.size();
  if (count == 0 || count > maxFunctions) {
    fail("functions: expects 1 to ", maxFunctions, " functions, got ", count);
  }
  std::set<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    manifest.functions.push_back(parseFunction(functions.at(i)));
    if (!names.insert(manifest.functions.back().name).second) {
      fail("functions: expects distinct names, got '",
           manifest.functions.back().name, "' twice");
    }
  }
  return manifest;
}
