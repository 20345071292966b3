// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Llama: RMS norms, rotary positions, grouped key and value heads, a gated MLP
// (arXiv:2302.13971; transformers' LlamaForCausalLM).

#include "qeff/Import/InputFile.h"
#include "qeff/Models/ModelFamily.h"

#include <cmath>

using namespace qeff;

static FailureOr<DecoderDesc> describe(ConfigReader &config,
                                       MLIRContext *context) {
  DecoderDesc desc;
  readCommonFields(config);
  desc.base = "model.";
  desc.layers = "layers";
  desc.vocabSize = config.getInt("vocab_size", 32000, 1, kMaxVocab);
  desc.hiddenSize = config.getInt("hidden_size", 4096, 1, kMaxWidth);
  desc.innerSize = config.getInt("intermediate_size", 11008, 1, kMaxWidth);
  desc.numLayers = config.getInt("num_hidden_layers", 32, 1, kMaxLayers);
  desc.numHeads = config.getInt("num_attention_heads", 32, 1, kMaxHeads);
  desc.numKVHeads =
      config.getInt("num_key_value_heads", desc.numHeads, 1, kMaxHeads);
  desc.headDim = config.getInt(
      "head_dim", std::max<int64_t>(1, desc.hiddenSize / desc.numHeads), 1,
      kMaxWidth);
  desc.maxPosition =
      config.getInt("max_position_embeddings", 2048, 1, kMaxPositions);
  if (desc.hiddenSize % desc.numHeads != 0) {
    config.emitExpects("hidden_size", "a multiple of num_attention_heads (" +
                                          Twine(desc.numHeads) + ")");
  }
  if (desc.numHeads % desc.numKVHeads != 0) {
    config.emitExpects("num_key_value_heads",
                       "a divisor of num_attention_heads (" +
                           Twine(desc.numHeads) + ")");
  }
  if (desc.headDim % 2 != 0) {
    config.emitError("expects an even head size for rotary positions, got " +
                     Twine(desc.headDim));
  }

  double eps = config.getNumber("rms_norm_eps", 1e-6);
  if (!(eps >= 0)) {
    config.emitExpects("rms_norm_eps", "a number >= 0");
  }
  desc.tokenEmbedding = "embed_tokens";
  desc.attentionNorm = {NormDesc::Kind::RMS, "input_layernorm", false, eps};
  desc.mlpNorm = {NormDesc::Kind::RMS, "post_attention_layernorm", false, eps};
  desc.finalNorm = {NormDesc::Kind::RMS, "norm", false, eps};

  desc.attention.module = "self_attn";
  desc.attention.q = "q_proj";
  desc.attention.k = "k_proj";
  desc.attention.v = "v_proj";
  desc.attention.out = "o_proj";
  desc.attention.bias = config.getBool("attention_bias", false);
  desc.attention.outBias = desc.attention.bias;
  desc.attention.scale = 1.0 / std::sqrt(static_cast<double>(desc.headDim));
  desc.attention.rope =
      readRope(config, context, desc.headDim, desc.maxPosition);

  desc.mlp.module = "mlp";
  desc.mlp.gate = "gate_proj";
  desc.mlp.up = "up_proj";
  desc.mlp.down = "down_proj";
  desc.mlp.bias = config.getBool("mlp_bias", false);
  desc.mlp.activation = readActivation(config, "hidden_act", "silu");
  desc.tied = config.getBool("tie_word_embeddings", false);
  if (config.hasFailed()) {
    return failure();
  }
  return desc;
}

/// Rotary frequencies, which the configuration gives.
static bool isIgnored(StringRef tensor) {
  return tensor.ends_with(".rotary_emb.inv_freq") ||
         tensor == "rope_freqs.weight" || tensor.starts_with("rope_factors_");
}

//===----------------------------------------------------------------------===//
// GGUF
//===----------------------------------------------------------------------===//

static constexpr GGUFNames::Key kKeys[] = {
    {"vocab_size", "vocab_size"},
    {"embedding_length", "hidden_size"},
    {"feed_forward_length", "intermediate_size"},
    {"block_count", "num_hidden_layers"},
    {"attention.head_count", "num_attention_heads"},
    {"attention.head_count_kv", "num_key_value_heads"},
    {"attention.key_length", "head_dim"},
    {"rope.dimension_count", "head_dim"},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps"},
    {"context_length", "max_position_embeddings"},
    {"rope.freq_base", "rope_theta"},
};

static constexpr GGUFNames::Module kModules[] = {
    {"token_embd", "model.embed_tokens", false, ""},
    {"blk.%.attn_norm", "model.layers.%.input_layernorm", false, ""},
    {"blk.%.attn_q", "model.layers.%.self_attn.q_proj", false,
     "num_attention_heads"},
    {"blk.%.attn_k", "model.layers.%.self_attn.k_proj", false,
     "num_key_value_heads"},
    {"blk.%.attn_v", "model.layers.%.self_attn.v_proj", false, ""},
    {"blk.%.attn_output", "model.layers.%.self_attn.o_proj", false, ""},
    {"blk.%.ffn_norm", "model.layers.%.post_attention_layernorm", false, ""},
    {"blk.%.ffn_gate", "model.layers.%.mlp.gate_proj", false, ""},
    {"blk.%.ffn_up", "model.layers.%.mlp.up_proj", false, ""},
    {"blk.%.ffn_down", "model.layers.%.mlp.down_proj", false, ""},
    {"output_norm", "model.norm", false, ""},
    {"output", "lm_head", false, ""},
};

/// Rotary factors that the file holds as a tensor, as an array.
static llvm::Error addFactors(const InputFile &file, const GGUFHeader &header,
                              StringRef tensor, llvm::json::Object &rope,
                              StringRef key) {
  llvm::Expected<SmallVector<double>> factors =
      readSmallGGUFTensor(file, header, tensor);
  if (!factors) {
    return factors.takeError();
  }
  rope[key] = llvm::json::Array(*factors);
  return llvm::Error::success();
}

/// Rotary scaling: keys and tensors together.
static llvm::Error readRopeScaling(const InputFile &file,
                                   const GGUFHeader &header,
                                   llvm::json::Object &rope) {
  const llvm::json::Object &metadata = header.metadata;
  auto take = [&](StringRef from, StringRef to) {
    if (const llvm::json::Value *value =
            metadata.get(("llama.rope.scaling." + from).str())) {
      rope[to] = *value;
    }
  };
  StringRef type =
      metadata.getString("llama.rope.scaling.type").value_or("none");
  if (header.tensors.contains("rope_freqs.weight")) {
    // Llama 3's scaling comes as one divisor per frequency, which is what
    // longrope does when both of its sets are equal.
    rope["rope_type"] = "longrope";
    rope["attention_factor"] = 1.0;
    if (llvm::Error error = addFactors(file, header, "rope_freqs.weight", rope,
                                       "short_factor")) {
      return error;
    }
    llvm::json::Value factors = rope["short_factor"];
    rope["long_factor"] = std::move(factors);
    return llvm::Error::success();
  }
  if (type == "none") {
    return llvm::Error::success();
  }
  rope["rope_type"] = type.str();
  take("factor", "factor");
  take("original_context_length", "original_max_position_embeddings");
  if (type == "longrope") {
    take("attn_factor", "attention_factor");
    if (llvm::Error error = addFactors(file, header, "rope_factors_short.weight",
                                       rope, "short_factor")) {
      return error;
    }
    return addFactors(file, header, "rope_factors_long.weight", rope,
                      "long_factor");
  }
  take("yarn_beta_fast", "beta_fast");
  take("yarn_beta_slow", "beta_slow");
  return llvm::Error::success();
}

static llvm::Error completeGGUF(const InputFile &file,
                                const GGUFHeader &header,
                                llvm::json::Object &config) {
  const llvm::json::Object &metadata = header.metadata;
  if (metadata.getInteger("llama.expert_count").value_or(0) != 0) {
    return makeImportError("expects no 'llama.expert_count': mixtures of "
                           "experts are not supported");
  }
  // Heads must rotate as a whole and have values as wide as keys.
  for (StringRef key : {"llama.rope.dimension_count",
                        "llama.attention.value_length"}) {
    const llvm::json::Value *size = metadata.get(key);
    const llvm::json::Value *head = config.get("head_dim");
    if (size && head && *size != *head) {
      return makeImportError("expects '" + key + "' to be the head size, got "
                             "another number");
    }
  }
  config.try_emplace("num_key_value_heads",
                     metadata.getInteger("llama.attention.head_count"));
  config["attention_bias"] = header.tensors.contains("blk.0.attn_q.bias");
  config["mlp_bias"] = header.tensors.contains("blk.0.ffn_up.bias");
  llvm::json::Object rope;
  if (llvm::Error error = readRopeScaling(file, header, rope)) {
    return error;
  }
  if (!rope.empty()) {
    config["rope_parameters"] = std::move(rope);
  }
  return llvm::Error::success();
}

static constexpr StringRef kArchitectures[] = {"LlamaForCausalLM"};

namespace qeff {
extern const ModelFamily kLlamaFamily;
const ModelFamily kLlamaFamily = {"llama", kArchitectures, describe,
                                  isIgnored,
                                  {"llama", kKeys, kModules, completeGGUF}};
} // namespace qeff
