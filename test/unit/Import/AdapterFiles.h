// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiny adapters and bases for tests, good and bad, written without PEFT.
#ifndef QEFF_TEST_UNIT_IMPORT_ADAPTERFILES_H
#define QEFF_TEST_UNIT_IMPORT_ADAPTERFILES_H

#include "TestFiles.h"

#include "qeff/Import/AdapterModules.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <numeric>

namespace qeff::test {

/// A folder that is removed with its files.
class TestFolder {
public:
  TestFolder() {
    llvm::SmallString<128> made;
    if (!llvm::sys::fs::createUniqueDirectory("qeff-adapter", made)) {
      path = std::string(made);
    }
  }
  ~TestFolder() { llvm::sys::fs::remove_directories(path); }

  std::string getFile(llvm::StringRef name) const {
    return path + "/" + name.str();
  }
  void write(llvm::StringRef name, llvm::StringRef bytes) const {
    std::error_code error;
    llvm::raw_fd_ostream os(getFile(name), error);
    os << bytes;
  }

  std::string path;
};

/// A tensor of F32; its values count up from 0.
struct TestTensor {
  std::string name;
  std::vector<int64_t> shape;
};

/// An adapter's folder as it is to be written.
struct TestAdapter {
  llvm::json::Object config{
      {"peft_type", "LORA"}, {"r", 4}, {"lora_alpha", 8}};
  std::vector<TestTensor> tensors;

  /// Tensors of a linear layer at rank `rank`.
  void addPair(const std::string &path, int64_t in, int64_t out,
               int64_t rank = 4) {
    std::string name = "base_model.model." + path;
    tensors.push_back({name + ".lora_A.weight", {rank, in}});
    tensors.push_back({name + ".lora_B.weight", {out, rank}});
  }

  std::string makeWeights() const {
    std::string data;
    llvm::json::Object header{
        {"__metadata__", llvm::json::Object{{"format", "pt"}}}};
    for (const TestTensor &tensor : tensors) {
      int64_t begin = static_cast<int64_t>(data.size());
      int64_t count =
          std::accumulate(tensor.shape.begin(), tensor.shape.end(), int64_t(1),
                          std::multiplies<int64_t>());
      for (int64_t i = 0; i < count; ++i) {
        append<float>(data, static_cast<float>(i));
      }
      llvm::json::Array shape;
      llvm::append_range(shape, tensor.shape);
      header[tensor.name] = llvm::json::Object{
          {"dtype", "F32"},
          {"shape", std::move(shape)},
          {"data_offsets",
           llvm::json::Array{begin, static_cast<int64_t>(data.size())}}};
    }
    std::string json;
    llvm::raw_string_ostream(json)
        << llvm::json::Value(llvm::json::Object(header));
    std::string file;
    append<uint64_t>(file, json.size());
    return file + json + data;
  }

  std::string makeConfig() const {
    std::string json;
    llvm::raw_string_ostream(json)
        << llvm::json::Value(llvm::json::Object(config));
    return json;
  }

  void write(const TestFolder &folder) const {
    folder.write("adapter_config.json", makeConfig());
    folder.write("adapter_model.safetensors", makeWeights());
  }
};

/// Two layers of a Llama: 16 channels, 8 for keys and values, 24 inside; 32
/// tokens.
inline AdapterModules makeLlamaModules() {
  using Kind = AdapterModule::Kind;
  AdapterModules modules;
  auto add = [&](const std::string &path, Kind kind, int64_t in, int64_t out) {
    AdapterModule module;
    module.path = path;
    module.kind = kind;
    module.in = in;
    module.out = out;
    module.head = path == "lm_head";
    modules.add(std::move(module));
  };
  add("model.embed_tokens", Kind::Embedding, 32, 16);
  for (const char *layer : {"model.layers.0.", "model.layers.1."}) {
    std::string base = layer;
    add(base + "input_layernorm", Kind::Norm, 16, 16);
    add(base + "self_attn.q_proj", Kind::Linear, 16, 16);
    add(base + "self_attn.k_proj", Kind::Linear, 16, 8);
    add(base + "self_attn.v_proj", Kind::Linear, 16, 8);
    add(base + "self_attn.o_proj", Kind::Linear, 16, 16);
    add(base + "post_attention_layernorm", Kind::Norm, 16, 16);
    add(base + "mlp.gate_proj", Kind::Linear, 16, 24);
    add(base + "mlp.up_proj", Kind::Linear, 16, 24);
    add(base + "mlp.down_proj", Kind::Linear, 24, 16);
  }
  add("model.norm", Kind::Norm, 16, 16);
  add("lm_head", Kind::Linear, 16, 32);
  return modules;
}

/// One layer of a GPT-2: 16 channels, 32 tokens, 8 positions; matrices
/// [in, out], biases, the head tied to the embedding.
inline AdapterModules makeGPT2Modules() {
  using Kind = AdapterModule::Kind;
  AdapterModules modules;
  auto add = [&](const std::string &path, Kind kind, int64_t in, int64_t out) {
    AdapterModule module;
    module.path = path;
    module.kind = kind;
    module.in = in;
    module.out = out;
    module.head = path == "lm_head";
    module.bias = kind != Kind::Embedding && !module.head;
    module.transposed = kind == Kind::Linear && !module.head;
    module.tied = module.head ? "transformer.wte" : "";
    modules.add(std::move(module));
  };
  add("transformer.wte", Kind::Embedding, 32, 16);
  add("transformer.wpe", Kind::Embedding, 8, 16);
  add("transformer.h.0.ln_1", Kind::Norm, 16, 16);
  add("transformer.h.0.attn.c_attn", Kind::Linear, 16, 48);
  add("transformer.h.0.attn.c_proj", Kind::Linear, 16, 16);
  add("transformer.h.0.ln_2", Kind::Norm, 16, 16);
  add("transformer.h.0.mlp.c_fc", Kind::Linear, 16, 64);
  add("transformer.h.0.mlp.c_proj", Kind::Linear, 64, 16);
  add("transformer.ln_f", Kind::Norm, 16, 16);
  add("lm_head", Kind::Linear, 16, 32);
  return modules;
}

} // namespace qeff::test

#endif // QEFF_TEST_UNIT_IMPORT_ADAPTERFILES_H
