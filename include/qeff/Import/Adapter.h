// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LoRA adapters in the format of the library PEFT: a folder with
// adapter_config.json and adapter_model.safetensors. What an adapter changes
// follows from the configuration and the base model's modules, as in PEFT; the
// tensors must be those, no more and no fewer.
#ifndef QEFF_IMPORT_ADAPTER_H
#define QEFF_IMPORT_ADAPTER_H

#include "qeff/Import/AdapterModules.h"
#include "qeff/Import/Checkpoint.h"

namespace qeff {

struct AdapterOptions {
  /// Largest rank that is taken; 0: any.
  int64_t maxRank = 0;
  /// Take NaN and infinities.
  bool allowNonfinite = false;
  /// Refuse what an adapter that is switched while running cannot express:
  /// DoRA, embeddings, biases and modules that are replaced.
  bool swap = false;
  /// Refuse targets whose `AdapterModule::target` is false.
  bool targetsOnly = false;
};

/// A tensor of the adapter's file.
struct AdapterTensor {
  std::string name; ///< in the file
  StoredTensor tensor;
};

/// The low-rank change of a linear layer or an embedding.
struct AdapterPair {
  std::string module; ///< path
  AdapterModule::Kind kind = AdapterModule::Kind::Linear;
  int64_t rank = 0;
  double alpha = 0;
  double scaling = 0; ///< alpha/rank, or alpha/√rank (rank-stabilized)
  /// [rank, in]; of an embedding: [rank, rows]
  AdapterTensor a;
  /// [out, rank]; of an embedding: [channels, rank]
  AdapterTensor b;
  /// DoRA's: [out]; of an embedding: [channels], see `AdapterLoRAOp`
  std::optional<AdapterTensor> magnitude;
};

/// A parameter that the adapter brings along whole.
struct AdapterParameter {
  std::string module; ///< path
  std::string name;   ///< "weight" or "bias"
  AdapterTensor value;
};

/// An adapter that fits a base.
struct Adapter {
  std::string directory;
  CheckpointFile file; ///< adapter_model.safetensors
  std::vector<AdapterPair> pairs;           ///< in the order of the modules
  /// Base weights that two modules share are there for both.
  std::vector<AdapterParameter> parameters;

  /// Largest rank of all pairs; 0 where there are none.
  int64_t getMaxRank() const;
};

/// Reads the adapter in the folder `directory` for a base of `modules`. Of the
/// tensors only the header is kept; the values are read once, in bounded
/// memory, unless `allowNonfinite`. Errors are emitted at the file that has
/// them.
FailureOr<Adapter> readAdapter(MLIRContext *context, StringRef directory,
                               const AdapterModules &modules,
                               const AdapterOptions &options = {});

/// Refuses NaN and infinity in `tensors` of the file `path`, which must have
/// `size` bytes. Reads in bounded memory; errors name the file and the tensor.
LogicalResult checkFinite(MLIRContext *context, StringRef path, uint64_t size,
                          ArrayRef<AdapterTensor> tensors);

/// Sets `target` of the modules that `adapter` changes by a pair.
void markTargets(AdapterModules &modules, const Adapter &adapter);

/// Refuses a name that is not letters, digits, '_', '-' and '.', at most 128 of
/// them and no '.' in front: it is a part of symbols and of files' names.
LogicalResult checkAdapterName(Location loc, StringRef name);

/// Adds `adapter` to a module of phase canonical: `qeff.adapter @name {weight}`
/// with its file and weights as symbols "adapter.NAME.…". The file's root is
/// "adapter.NAME", which is to be bound to `adapter.directory`. A name that is
/// taken is an error.
LogicalResult insertAdapter(ModuleOp module, const Adapter &adapter,
                            StringRef name, double weight = 1.0);

/// Writes what a swap-mode package loads: the pairs in their own types, and
/// their scalings multiplied by `weight`, as a safetensors file. It appears
/// whole or not at all. An adapter with more than pairs of linear layers is
/// refused (`AdapterOptions::swap` refuses it earlier).
LogicalResult writeAdapterFile(MLIRContext *context, const Adapter &adapter,
                               StringRef name, StringRef path,
                               double weight = 1.0);

enum class AdapterReport { Text, JSON };

/// What an adapter is, and with `base` whether it fits that and why not;
/// `baseName` is how the base is called. Adapters that do not fit are described
/// all the same; failure (emitted) is a folder that has no readable adapter.
FailureOr<std::string> describeAdapter(MLIRContext *context,
                                       StringRef directory,
                                       const AdapterModules *base,
                                       StringRef baseName,
                                       const AdapterOptions &options,
                                       AdapterReport format);

} // namespace qeff

#endif // QEFF_IMPORT_ADAPTER_H
