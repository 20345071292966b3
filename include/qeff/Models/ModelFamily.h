// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Model families: one file of lib/Models each, the only place that knows a
// family's name, configuration keys and tensor names.
#ifndef QEFF_MODELS_MODELFAMILY_H
#define QEFF_MODELS_MODELFAMILY_H

#include "qeff/Import/Config.h"
#include "qeff/Import/GGUF.h"
#include "qeff/Models/Decoder.h"

namespace qeff {

struct ModelFamily {
  struct Alias {
    StringRef alias;
    StringRef key;
  };

  /// The `model_type` of its configuration, also its name in messages.
  StringRef modelType;
  /// Architectures that it answers to; the first is the canonical spelling.
  ArrayRef<StringRef> architectures;
  /// Reads the configuration. Errors are emitted through the reader.
  FailureOr<DecoderDesc> (*describe)(ConfigReader &config,
                                     MLIRContext *context);
  /// Tensors that checkpoints carry though no weight is in them.
  bool (*isIgnored)(StringRef tensor);
  /// The names that its GGUF files use.
  GGUFNames gguf;
  /// Other spellings of configuration keys, which win over the keys.
  ArrayRef<Alias> aliases = {};
};

/// All families, in a fixed order.
ArrayRef<const ModelFamily *> getModelFamilies();

/// The family of an architecture ("LlamaForCausalLM") or model type ("llama"),
/// or nullptr.
const ModelFamily *findModelFamily(StringRef architecture);

/// What a configuration says the model is: its first architecture, else its
/// type, else "".
StringRef getArchitecture(const llvm::json::Object &config);

/// The family of a configuration, or nullptr.
inline const ModelFamily *findModelFamily(const llvm::json::Object &config) {
  return findModelFamily(getArchitecture(config));
}

//===----------------------------------------------------------------------===//
// Shared by the families' descriptors
//===----------------------------------------------------------------------===//

/// Largest sizes that a configuration may ask for; products of any three of
/// them fit 64 bits.
inline constexpr int64_t kMaxVocab = 1 << 24;
inline constexpr int64_t kMaxWidth = 1 << 20;
inline constexpr int64_t kMaxHeads = 1 << 12;
inline constexpr int64_t kMaxLayers = 1 << 12;
inline constexpr int64_t kMaxPositions = 1 << 28;

/// The activation that transformers' name `key` of the configuration means.
Activation readActivation(ConfigReader &config, StringRef key,
                          StringRef fallback);

/// Rotary parameters in either spelling: `rope_parameters`, or `rope_scaling`
/// and `rope_theta`. All channels of a head must rotate.
RopeDesc readRope(ConfigReader &config, MLIRContext *context, int64_t headDim,
                  int64_t maxPosition);

/// Refuses what no decoder of ours does whatever the family: encoder-decoder
/// models, weights quantized in ways that need another reader, settings per
/// layer.
void readCommonFields(ConfigReader &config);

} // namespace qeff

#endif // QEFF_MODELS_MODELFAMILY_H
