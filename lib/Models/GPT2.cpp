// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GPT-2: layer norms, learned positions, one fused matrix for q, k and v, all
// matrices stored [in, out], tied embeddings (transformers' GPT2LMHeadModel).

#include "qeff/Import/InputFile.h"
#include "qeff/Models/ModelFamily.h"

#include <cmath>

using namespace qeff;

static FailureOr<DecoderDesc> describe(ConfigReader &config,
                                       MLIRContext *context) {
  DecoderDesc desc;
  readCommonFields(config);
  desc.base = "transformer.";
  desc.layers = "h";
  desc.vocabSize = config.getInt("vocab_size", 50257, 1, kMaxVocab);
  desc.hiddenSize = config.getInt("n_embd", 768, 1, kMaxWidth);
  desc.innerSize =
      config.getInt("n_inner", 4 * desc.hiddenSize, 1, 4 * kMaxWidth);
  desc.numLayers = config.getInt("n_layer", 12, 1, kMaxLayers);
  desc.numHeads = config.getInt("n_head", 12, 1, kMaxHeads);
  desc.numKVHeads = desc.numHeads;
  desc.headDim = desc.hiddenSize / desc.numHeads;
  desc.maxPosition = config.getInt("n_positions", 1024, 1, kMaxPositions);
  if (desc.hiddenSize % desc.numHeads != 0) {
    config.emitExpects("n_embd", "a multiple of n_head (" +
                                     Twine(desc.numHeads) + ")");
  }

  double eps = config.getNumber("layer_norm_epsilon", 1e-5);
  if (!(eps >= 0)) {
    config.emitExpects("layer_norm_epsilon", "a number >= 0");
  }
  desc.tokenEmbedding = "wte";
  desc.positionEmbedding = "wpe";
  desc.attentionNorm = {NormDesc::Kind::Layer, "ln_1", true, eps};
  desc.mlpNorm = {NormDesc::Kind::Layer, "ln_2", true, eps};
  desc.finalNorm = {NormDesc::Kind::Layer, "ln_f", true, eps};

  desc.attention.module = "attn";
  desc.attention.fused = "c_attn";
  desc.attention.out = "c_proj";
  desc.attention.bias = true;
  desc.attention.outBias = true;
  desc.attention.layout = LinearLayout::InOut;
  if (config.getBool("scale_attn_weights", true)) {
    desc.attention.scale = 1.0 / std::sqrt(static_cast<double>(desc.headDim));
  }
  desc.attention.scaleByInverseLayer =
      config.getBool("scale_attn_by_inverse_layer_idx", false);

  desc.mlp.module = "mlp";
  desc.mlp.up = "c_fc";
  desc.mlp.down = "c_proj";
  desc.mlp.bias = true;
  desc.mlp.layout = LinearLayout::InOut;
  desc.mlp.activation =
      readActivation(config, "activation_function", "gelu_new");
  desc.tied = config.getBool("tie_word_embeddings", true);
  if (config.hasFailed()) {
    return failure();
  }
  return desc;
}

/// Causal masks, which older checkpoints stored.
static bool isIgnored(StringRef tensor) {
  return tensor.ends_with(".attn.bias") ||
         tensor.ends_with(".attn.masked_bias");
}

static constexpr GGUFNames::Key kKeys[] = {
    {"vocab_size", "vocab_size"},
    {"embedding_length", "n_embd"},
    {"feed_forward_length", "n_inner"},
    {"block_count", "n_layer"},
    {"attention.head_count", "n_head"},
    {"attention.layer_norm_epsilon", "layer_norm_epsilon"},
    {"context_length", "n_positions"},
};

// GGUF has the matrices [out, in].
static constexpr GGUFNames::Module kModules[] = {
    {"token_embd", "transformer.wte", false, ""},
    {"position_embd", "transformer.wpe", false, ""},
    {"blk.%.attn_norm", "transformer.h.%.ln_1", false, ""},
    {"blk.%.attn_qkv", "transformer.h.%.attn.c_attn", true, ""},
    {"blk.%.attn_output", "transformer.h.%.attn.c_proj", true, ""},
    {"blk.%.ffn_norm", "transformer.h.%.ln_2", false, ""},
    {"blk.%.ffn_up", "transformer.h.%.mlp.c_fc", true, ""},
    {"blk.%.ffn_down", "transformer.h.%.mlp.c_proj", true, ""},
    {"output_norm", "transformer.ln_f", false, ""},
    {"output", "lm_head", false, ""},
};

static constexpr ModelFamily::Alias kAliases[] = {
    {"hidden_size", "n_embd"},
    {"max_position_embeddings", "n_positions"},
    {"num_attention_heads", "n_head"},
    {"num_hidden_layers", "n_layer"},
};

static constexpr StringRef kArchitectures[] = {"GPT2LMHeadModel"};

namespace qeff {
extern const ModelFamily kGPT2Family;
const ModelFamily kGPT2Family = {"gpt2", kArchitectures, describe, isIgnored,
                                 {"gpt2", kKeys, kModules}, kAliases};
} // namespace qeff
