// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MPT: layer norms without bias, ALiBi instead of positions, one fused matrix
// for q, k and v whose result may be clipped, tied embeddings (transformers'
// MptForCausalLM).

#include "qeff/Import/InputFile.h"
#include "qeff/Models/ModelFamily.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace qeff;

/// transformers fixes this whatever `expansion_ratio` says.
static constexpr int64_t kExpansion = 4;

/// ALiBi's slopes: a geometric sequence for the next power of two of heads, of
/// which every second one comes first where that is not the number of heads.
/// f32 arithmetic in transformers' order.
static SmallVector<float> getSlopes(int64_t heads, int64_t biasMax) {
  int64_t count = static_cast<int64_t>(llvm::PowerOf2Ceil(heads));
  float step = static_cast<float>(static_cast<double>(biasMax) /
                                  static_cast<double>(count));
  SmallVector<float> all;
  for (int64_t i = 1; i <= count; ++i) {
    all.push_back(1.0f / std::pow(2.0f, static_cast<float>(i) * step));
  }
  if (count == heads) {
    return all;
  }
  SmallVector<float> slopes;
  for (int64_t first : {1, 0}) {
    for (int64_t i = first; i < count; i += 2) {
      slopes.push_back(all[i]);
    }
  }
  slopes.truncate(heads);
  return slopes;
}

/// The attention's settings: nested in `attn_config`, or, in older files, among
/// the model's own.
static void readAttention(ConfigReader &config, DecoderDesc &desc) {
  static const llvm::json::Object empty;
  const llvm::json::Object *object = config.getObject("attn_config");
  ConfigReader nested = config.nest(object ? *object : empty, "attn_config");
  auto pick = [&](StringRef key) -> ConfigReader & {
    return nested.has(key) ? nested : config;
  };
  pick("attn_type").requireString("attn_type", {"multihead_attention"});
  pick("prefix_lm").requireBool("prefix_lm", false);
  pick("qk_ln").requireBool("qk_ln", false);
  pick("attn_uses_sequence_id").requireBool("attn_uses_sequence_id", false);
  pick("alibi").requireBool("alibi", true);

  AttentionDesc &attention = desc.attention;
  attention.module = "attn";
  attention.fused = "Wqkv";
  attention.out = "out_proj";
  double clip = pick("clip_qkv").getNumber("clip_qkv", 0);
  if (clip < 0) {
    pick("clip_qkv").emitExpects("clip_qkv", "a number >= 0");
  }
  if (clip > 0) {
    attention.clip = clip;
  }
  attention.scale =
      pick("softmax_scale")
          .getNumber("softmax_scale",
                     1.0 / std::sqrt(static_cast<double>(desc.headDim)));
  int64_t biasMax = pick("alibi_bias_max").getInt("alibi_bias_max", 8, 1, 1024);
  attention.slopes = getSlopes(desc.numHeads, biasMax);
  config.absorb(nested);
}

static FailureOr<DecoderDesc> describe(ConfigReader &config,
                                       MLIRContext *context) {
  DecoderDesc desc;
  readCommonFields(config);
  config.requireInt("expansion_ratio", kExpansion);
  config.requireBool("no_bias", true);
  config.requireString("norm_type",
                       {"low_precision_layernorm", "layernorm"});
  config.refuse("logit_scale");
  desc.base = "transformer.";
  desc.layers = "blocks";
  desc.vocabSize = config.getInt("vocab_size", 50368, 1, kMaxVocab);
  desc.hiddenSize = config.getInt("d_model", 2048, 1, kMaxWidth);
  desc.innerSize = kExpansion * desc.hiddenSize;
  desc.numLayers = config.getInt("n_layers", 24, 1, kMaxLayers);
  desc.numHeads = config.getInt("n_heads", 16, 1, kMaxHeads);
  desc.numKVHeads = desc.numHeads;
  desc.headDim = desc.hiddenSize / desc.numHeads;
  desc.maxPosition = config.getInt("max_seq_len", 2048, 1, kMaxPositions);
  if (desc.hiddenSize % desc.numHeads != 0) {
    config.emitExpects("d_model", "a multiple of n_heads (" +
                                      Twine(desc.numHeads) + ")");
  }

  double eps = config.getNumber("layer_norm_epsilon", 1e-5);
  if (!(eps >= 0)) {
    config.emitExpects("layer_norm_epsilon", "a number >= 0");
  }
  desc.tokenEmbedding = "wte";
  desc.attentionNorm = {NormDesc::Kind::Layer, "norm_1", false, eps};
  desc.mlpNorm = {NormDesc::Kind::Layer, "norm_2", false, eps};
  desc.finalNorm = {NormDesc::Kind::Layer, "norm_f", false, eps};
  readAttention(config, desc);

  desc.mlp.module = "ffn";
  desc.mlp.up = "up_proj";
  desc.mlp.down = "down_proj";
  desc.mlp.activation = Activation::GELU;
  desc.tied = config.getBool("tie_word_embeddings", true);
  if (config.hasFailed()) {
    return failure();
  }
  return desc;
}

static bool isIgnored(StringRef) { return false; }

static constexpr GGUFNames::Key kKeys[] = {
    {"vocab_size", "vocab_size"},
    {"embedding_length", "d_model"},
    {"block_count", "n_layers"},
    {"attention.head_count", "n_heads"},
    {"attention.layer_norm_epsilon", "layer_norm_epsilon"},
    {"context_length", "max_seq_len"},
};

static constexpr GGUFNames::Module kModules[] = {
    {"token_embd", "transformer.wte", false, ""},
    {"blk.%.attn_norm", "transformer.blocks.%.norm_1", false, ""},
    {"blk.%.attn_qkv", "transformer.blocks.%.attn.Wqkv", false, ""},
    {"blk.%.attn_output", "transformer.blocks.%.attn.out_proj", false, ""},
    {"blk.%.ffn_norm", "transformer.blocks.%.norm_2", false, ""},
    {"blk.%.ffn_up", "transformer.blocks.%.ffn.up_proj", false, ""},
    {"blk.%.ffn_down", "transformer.blocks.%.ffn.down_proj", false, ""},
    {"output_norm", "transformer.norm_f", false, ""},
    {"output", "lm_head", false, ""},
};

/// ALiBi and clipping have keys of their own.
static llvm::Error completeGGUF(const InputFile &, const GGUFHeader &header,
                                llvm::json::Object &config) {
  const llvm::json::Object &metadata = header.metadata;
  llvm::json::Object attention;
  double biasMax =
      metadata.getNumber("mpt.attention.max_alibi_bias").value_or(0);
  attention["alibi"] = biasMax > 0;
  attention["alibi_bias_max"] = biasMax;
  if (const llvm::json::Value *clip =
          metadata.get("mpt.attention.clamp_kqv")) {
    attention["clip_qkv"] = *clip;
  }
  config["attn_config"] = std::move(attention);
  return llvm::Error::success();
}

static constexpr ModelFamily::Alias kAliases[] = {
    {"num_attention_heads", "n_heads"},
    {"hidden_size", "d_model"},
    {"num_hidden_layers", "n_layers"},
};

// The hub's own spelling is the second.
static constexpr StringRef kArchitectures[] = {"MptForCausalLM",
                                               "MPTForCausalLM"};

namespace qeff {
extern const ModelFamily kMPTFamily;
const ModelFamily kMPTFamily = {"mpt", kArchitectures, describe, isIgnored,
                                {"mpt", kKeys, kModules, completeGGUF},
                                kAliases};
} // namespace qeff
