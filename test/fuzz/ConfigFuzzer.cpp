// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes what is done with config.json: the limits around the JSON parser, the
// families' descriptors, and the builder with a checkpoint of tiny tensors.

#include "FuzzSupport.h"

#include "qeff/Import/JSON.h"

using namespace qeff;
using llvm::json::Object;
using JSONValue = llvm::json::Value;

static const char *const kSeeds[] = {
    R"({"architectures": ["LlamaForCausalLM"], "vocab_size": 32,
        "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 1e4,
        "hidden_act": "silu", "tie_word_embeddings": false,
        "attention_bias": false, "mlp_bias": false, "eos_token_id": [1, 2],
        "original_max_position_embeddings": 32,
        "rope_scaling": {"rope_type": "longrope", "factor": 2.0,
          "low_freq_factor": 1.0, "high_freq_factor": 4.0, "beta_fast": 32,
          "short_factor": [1.0, 2.0], "long_factor": [1.0, 2.0],
          "truncate": true, "attention_factor": null}})",
    R"({"architectures": ["GPT2LMHeadModel"], "vocab_size": 32, "n_embd": 16,
        "n_layer": 2, "n_head": 4, "n_positions": 8, "n_inner": null,
        "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
        "scale_attn_weights": true, "scale_attn_by_inverse_layer_idx": true,
        "tie_word_embeddings": true, "eos_token_id": 3})",
    R"({"model_type": "mpt", "vocab_size": 32, "d_model": 16, "n_layers": 2,
        "n_heads": 4, "max_seq_len": 64, "expansion_ratio": 4, "no_bias": true,
        "norm_type": "low_precision_layernorm", "layer_norm_epsilon": 1e-5,
        "attn_config": {"attn_type": "multihead_attention", "alibi": true,
          "alibi_bias_max": 8, "clip_qkv": 6.0, "softmax_scale": null},
        "tie_word_embeddings": true, "eos_token_id": 0})"};

/// Tensors of the three seeds, all in one file.
static Checkpoint makeCheckpoint() {
  Checkpoint checkpoint;
  checkpoint.files.push_back({"f", 1 << 20, 0, ""});
  auto add = [&](const Twine &name, std::vector<int64_t> shape) {
    StoredTensor tensor;
    tensor.shape = std::move(shape);
    tensor.type = StoredType::F32;
    checkpoint.tensors.try_emplace(name.str(), tensor);
  };
  add("model.embed_tokens.weight", {32, 16});
  add("model.norm.weight", {16});
  add("lm_head.weight", {32, 16});
  add("transformer.wte.weight", {32, 16});
  add("transformer.wpe.weight", {8, 16});
  add("transformer.ln_f.weight", {16});
  add("transformer.ln_f.bias", {16});
  add("transformer.norm_f.weight", {16});
  for (int64_t layer : {0, 1}) {
    Twine index(layer);
    std::string llama = ("model.layers." + index + ".").str();
    add(llama + "input_layernorm.weight", {16});
    add(llama + "post_attention_layernorm.weight", {16});
    add(llama + "self_attn.q_proj.weight", {16, 16});
    add(llama + "self_attn.k_proj.weight", {8, 16});
    add(llama + "self_attn.v_proj.weight", {8, 16});
    add(llama + "self_attn.o_proj.weight", {16, 16});
    add(llama + "mlp.gate_proj.weight", {24, 16});
    add(llama + "mlp.up_proj.weight", {24, 16});
    add(llama + "mlp.down_proj.weight", {16, 24});
    std::string gpt2 = ("transformer.h." + index + ".").str();
    std::pair<StringRef, std::vector<int64_t>> modules[] = {
        {"ln_1", {16}},
        {"ln_2", {16}},
        {"attn.c_attn", {16, 48}},
        {"attn.c_proj", {16, 16}},
        {"mlp.c_fc", {16, 64}},
        {"mlp.c_proj", {64, 16}}};
    for (auto &[name, shape] : modules) {
      add(gpt2 + name + ".weight", shape);
      add(gpt2 + name + ".bias", {shape.back()});
    }
    std::string mpt = ("transformer.blocks." + index + ".").str();
    add(mpt + "norm_1.weight", {16});
    add(mpt + "norm_2.weight", {16});
    add(mpt + "attn.Wqkv.weight", {48, 16});
    add(mpt + "attn.out_proj.weight", {16, 16});
    add(mpt + "ffn.up_proj.weight", {64, 16});
    add(mpt + "ffn.down_proj.weight", {16, 64});
  }
  return checkpoint;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t max, unsigned seed) {
  std::mt19937 random(seed);
  unsigned choice = random() % 8;
  if (choice == 0) {
    return LLVMFuzzerMutate(data, size, max);
  }
  llvm::Expected<Object> parsed = parseJSONObject(
      llvm::StringRef(reinterpret_cast<const char *>(data), size));
  JSONValue tree = nullptr;
  if (parsed && choice < 5) {
    tree = std::move(*parsed);
  } else {
    llvm::consumeError(parsed.takeError());
    tree = llvm::cantFail(
        parseJSONObject(kSeeds[random() % std::size(kSeeds)]));
  }
  fuzz::mutateJSON(tree, random);
  size_t copied = fuzz::copyBack(fuzz::print(tree), data, max);
  return copied != 0 ? copied : LLVMFuzzerMutate(data, size, max);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ++fuzz::stats.executions;
  llvm::Expected<Object> config = parseJSONObject(
      llvm::StringRef(reinterpret_cast<const char *>(data), size));
  if (!config) {
    llvm::consumeError(config.takeError());
    return 0;
  }
  ++fuzz::stats.pastParser;
  static Checkpoint checkpoint = makeCheckpoint();
  checkpoint.config = std::move(*config);
  const ModelFamily *family = findModelFamily(checkpoint.config);
  if (family && fuzz::buildModel(*family, checkpoint)) {
    ++fuzz::stats.accepted;
  }
  return 0;
}
