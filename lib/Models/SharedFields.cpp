// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Configuration fields that several families have: activations, rotary
// parameters, and what no decoder supports.

#include "qeff/Models/ModelFamily.h"

#include "llvm/ADT/StringSwitch.h"

using namespace qeff;

Activation qeff::readActivation(ConfigReader &config, StringRef key,
                                StringRef fallback) {
  auto kind =
      llvm::StringSwitch<std::optional<Activation>>(
          config.getString(key, fallback))
          .Cases({"silu", "swish"}, Activation::SiLU)
          .Cases({"gelu", "gelu_python"}, Activation::GELU)
          .Cases({"gelu_new", "gelu_fast", "gelu_accurate"},
                 Activation::GELUTanh)
          .Cases({"gelu_pytorch_tanh", "gelu_python_tanh"},
                 Activation::GELUTanh)
          .Case("relu", Activation::ReLU)
          .Default(std::nullopt);
  if (!kind) {
    config.emitExpects(key, "silu, swish, gelu, gelu_python, gelu_new, "
                            "gelu_fast, gelu_accurate, gelu_pytorch_tanh, "
                            "gelu_python_tanh or relu");
  }
  return kind.value_or(Activation::SiLU);
}

namespace {
/// Collects the parameters of a `#qeff.rope_scaling`.
class ScalingParams {
public:
  ScalingParams(ConfigReader &reader, MLIRContext *context)
      : reader(reader), builder(context) {}

  void add(StringRef key, double value) {
    params.set(key, builder.getF64FloatAttr(value));
  }
  void addRequired(StringRef key) {
    if (!reader.has(key)) {
      reader.emitExpects(key, "a finite number");
    }
    addPositive(key, reader.getNumber(key, 1.0));
  }
  void addOptional(StringRef key) {
    if (std::optional<double> value = reader.getOptionalNumber(key)) {
      add(key, *value);
    }
  }
  void addPositive(StringRef key, double value) {
    if (!(value > 0)) {
      reader.emitExpects(key, "a number > 0");
    }
    add(key, value);
  }
  void addInt(StringRef key, int64_t value) {
    params.set(key, builder.getI64IntegerAttr(value));
  }
  void addNumbers(StringRef key, size_t length) {
    if (length == 0) {
      reader.emitError("expects a head size above 1 for longrope, got 1");
    }
    SmallVector<double> numbers = reader.getNumbers(key, length);
    for (double number : numbers) {
      if (!(number > 0)) {
        reader.emitExpects(key, "numbers > 0");
      }
    }
    params.set(key, builder.getDenseF64ArrayAttr(numbers));
  }
  /// Null where a parameter was wrong.
  RopeScalingAttr get(RopeScalingKind kind) {
    if (reader.hasFailed()) {
      return nullptr;
    }
    return RopeScalingAttr::get(builder.getContext(), kind,
                                params.getDictionary(builder.getContext()));
  }

private:
  ConfigReader &reader;
  OpBuilder builder;
  NamedAttrList params;
};
} // namespace

/// The parameters of `kind`, under transformers' names and with its defaults
/// filled in where they depend on other fields.
static RopeScalingAttr readScaling(ConfigReader &rope, ConfigReader &config,
                                   MLIRContext *context, RopeScalingKind kind,
                                   int64_t headDim, int64_t maxPosition) {
  ScalingParams params(rope, context);
  // The model's own field wins over the one among the rotary parameters.
  constexpr StringRef kOriginal = "original_max_position_embeddings";
  int64_t original = config.getInt(
      kOriginal, rope.getInt(kOriginal, maxPosition, 1, kMaxPositions), 1,
      kMaxPositions);
  double ratio = static_cast<double>(maxPosition) / original;
  switch (kind) {
  case RopeScalingKind::Linear:
  case RopeScalingKind::Dynamic:
    params.addRequired("factor");
    if (kind == RopeScalingKind::Dynamic && headDim <= 2) {
      config.emitError("expects a head size above 2 for dynamic rope, got " +
                       Twine(headDim));
    }
    break;
  case RopeScalingKind::Llama3:
    params.addRequired("factor");
    params.addRequired("low_freq_factor");
    params.addRequired("high_freq_factor");
    params.addInt(kOriginal, original);
    break;
  case RopeScalingKind::Yarn:
    params.addPositive("factor", rope.getNumber("factor", ratio));
    params.addInt(kOriginal, original);
    for (StringRef key : {"attention_factor", "beta_fast", "beta_slow",
                          "mscale", "mscale_all_dim"}) {
      params.addOptional(key);
    }
    params.addInt("truncate", rope.getBool("truncate", true) ? 1 : 0);
    break;
  case RopeScalingKind::LongRope:
    params.addPositive("factor", rope.getNumber("factor", ratio));
    params.addInt(kOriginal, original);
    params.addOptional("attention_factor");
    params.addNumbers("short_factor", headDim / 2);
    params.addNumbers("long_factor", headDim / 2);
    break;
  case RopeScalingKind::Explicit: // in no checkpoint
    break;
  }
  return params.get(kind);
}

RopeDesc qeff::readRope(ConfigReader &config, MLIRContext *context,
                        int64_t headDim, int64_t maxPosition) {
  RopeDesc desc;
  static const llvm::json::Object empty;
  const llvm::json::Object *object = config.getObject("rope_scaling");
  StringRef key = "rope_scaling";
  if (!object || object->empty()) {
    key = "rope_parameters";
    object = config.getObject(key);
  }
  ConfigReader rope = config.nest(object ? *object : empty, key);
  desc.theta =
      rope.getNumber("rope_theta", config.getNumber("rope_theta", 1e4));
  if (!(desc.theta > 0)) {
    (rope.has("rope_theta") ? rope : config)
        .emitExpects("rope_theta", "a number > 0");
  }
  rope.requireInt("partial_rotary_factor", 1);
  config.requireInt("partial_rotary_factor", 1);
  std::string type =
      rope.getString("rope_type", rope.getString("type", "default"));
  auto kind = llvm::StringSwitch<std::optional<RopeScalingKind>>(type)
                  .Case("linear", RopeScalingKind::Linear)
                  .Case("dynamic", RopeScalingKind::Dynamic)
                  .Case("llama3", RopeScalingKind::Llama3)
                  .Case("yarn", RopeScalingKind::Yarn)
                  .Case("longrope", RopeScalingKind::LongRope)
                  .Default(std::nullopt);
  if (kind) {
    // The sizes that the parameters are checked against must be right.
    if (!rope.hasFailed() && !config.hasFailed()) {
      desc.scaling =
          readScaling(rope, config, context, *kind, headDim, maxPosition);
    }
  } else if (type != "default") {
    rope.emitExpects(rope.has("rope_type") ? "rope_type" : "type",
                     "default, linear, dynamic, llama3, yarn or longrope");
  }
  config.absorb(rope);
  return desc;
}

void qeff::readCommonFields(ConfigReader &config) {
  config.requireBool("is_encoder_decoder", false);
  config.requireBool("add_cross_attention", false);
  config.refuse("quantization_config");
  config.refuse("per_layer_config");
}
