// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Llama: RMS norms, rotary positions, grouped key and value heads, a gated MLP
// (arXiv:2302.13971; transformers' LlamaForCausalLM).

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

/// Older checkpoints stored the rotary frequencies.
static bool isIgnored(StringRef tensor) {
  return tensor.ends_with(".rotary_emb.inv_freq");
}

static constexpr StringRef kArchitectures[] = {"LlamaForCausalLM"};

namespace qeff {
extern const ModelFamily kLlamaFamily;
const ModelFamily kLlamaFamily = {"llama", kArchitectures, describe,
                                  isIgnored};
} // namespace qeff
