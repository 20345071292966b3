// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a model family says about its decoder; one builder reads it.
#ifndef QEFF_MODELS_DECODER_H
#define QEFF_MODELS_DECODER_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Import/Checkpoint.h"
#include "qeff/Support/Progress.h"

#include <string>

namespace qeff {

/// A normalization of the hidden state. `name` is the module's; its tensors are
/// `name`.weight and, with `bias`, `name`.bias.
struct NormDesc {
  enum class Kind { RMS, Layer };
  Kind kind = Kind::RMS;
  std::string name;
  bool bias = false;
  double eps = 1e-5;
};

/// How a family stores the matrix of a linear layer.
enum class LinearLayout { OutIn, InOut };

struct RopeDesc {
  double theta = 1e4;
  RopeScalingAttr scaling; ///< null: none
};

/// Self-attention. Names are relative to `module`, `module` to the layer.
struct AttentionDesc {
  std::string module;
  std::string q, k, v;  ///< used where `fused` is empty
  std::string fused;    ///< one matrix with the rows of q, k and v
  std::string out;
  bool bias = false;    ///< of q, k, v
  bool outBias = false;
  LinearLayout layout = LinearLayout::OutIn;
  std::optional<double> clip;        ///< limits q, k and v to ±clip
  double scale = 1.0;                ///< of the scores
  bool scaleByInverseLayer = false;  ///< divides it by the layer's number + 1
  SmallVector<float> slopes;         ///< ALiBi's, one per head, or none
  std::optional<RopeDesc> rope;
};

/// The feed-forward block: down(act(up(x))) or down(act(gate(x))·up(x)).
struct MLPDesc {
  std::string module;
  std::string gate; ///< empty: not gated
  std::string up, down;
  bool bias = false;
  LinearLayout layout = LinearLayout::OutIn;
  Activation activation = Activation::SiLU;
};

/// A decoder of pre-norm blocks: x += attention(norm(x)); x += mlp(norm(x)).
struct DecoderDesc {
  std::string base;   ///< prefix of the tensors but the head's: "model."
  std::string layers; ///< the layers' list: "layers"
  int64_t vocabSize = 0;
  int64_t hiddenSize = 0;
  int64_t innerSize = 0;
  int64_t numLayers = 0;
  int64_t numHeads = 0;
  int64_t numKVHeads = 0;
  int64_t headDim = 0;
  int64_t maxPosition = 0;
  std::string tokenEmbedding;
  std::string positionEmbedding; ///< learned positions, or empty
  NormDesc attentionNorm, mlpNorm, finalNorm;
  AttentionDesc attention;
  MLPDesc mlp;
  bool tied = false; ///< the head is the token embedding
};

/// Names of things that only a checkpoint knows.
struct ModuleInfo {
  std::string architecture;
  SmallVector<int64_t> eosTokenIds;
};

/// Builds the module of phase canonical for `desc` with the tensors of
/// `checkpoint`. Errors: a tensor that is missing or has another shape or type
/// than the description says. Tensors that nothing uses give one warning,
/// unless `isIgnored` knows them.
FailureOr<OwningOpRef<ModuleOp>>
buildDecoder(MLIRContext *context, const DecoderDesc &desc,
             const Checkpoint &checkpoint, const ModuleInfo &info,
             llvm::function_ref<bool(StringRef)> isIgnored,
             const ProgressFn &progress);

} // namespace qeff

#endif // QEFF_MODELS_DECODER_H
