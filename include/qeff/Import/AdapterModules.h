// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The modules of a model as adapters see them, and the file that a package
// keeps of them.
#ifndef QEFF_IMPORT_ADAPTERMODULES_H
#define QEFF_IMPORT_ADAPTERMODULES_H

#include "qeff/Support/LLVM.h"

#include "llvm/ADT/StringMap.h"

#include <string>
#include <vector>

namespace qeff {

/// A module of a model, as its framework has it.
struct AdapterModule {
  enum class Kind { Linear, Embedding, Norm };

  std::string path; ///< "model.layers.0.self_attn.q_proj"
  Kind kind = Kind::Linear;
  int64_t in = 0;  ///< linear: inputs; embedding: rows; norm: channels
  int64_t out = 0; ///< linear: outputs; embedding: channels; norm: channels
  bool transposed = false; ///< the framework stores a linear weight [in, out]
  bool bias = false;       ///< the base has a bias
  bool head = false;       ///< the linear layer that gives the logits
  std::string tied;        ///< the module whose weight it shares, or empty
  bool target = false;     ///< a swap-mode package takes adapters of it
};

/// "linear", "embedding" or "norm".
StringRef getKindName(AdapterModule::Kind kind);

/// The modules of one model, in the order of its ops.
class AdapterModules {
public:
  /// False where the path is there already.
  bool add(AdapterModule module);

  /// The module `path`, or nullptr.
  const AdapterModule *find(StringRef path) const;
  AdapterModule *find(StringRef path);

  const std::vector<AdapterModule> &getAll() const { return modules; }

  /// Up to three names that modules have, by the last components of their paths,
  /// as many as `name` has, and that are spelled like it: ", near 'q_proj'".
  /// Empty where none is.
  std::string suggest(StringRef name) const;

  /// Largest rank of a swap-mode package; 0: no limit is known.
  int64_t maxRank = 0;

  /// Whether the paths are what a graph says, whose exporter may have wrapped
  /// the model or taken a part of it: paths then begin otherwise than those of
  /// adapters.
  bool fromGraph = false;

private:
  std::vector<AdapterModule> modules;
  llvm::StringMap<size_t> byPath;
};

/// The modules of a module of a phase up to tuned: its ops with a `module`
/// attribute, the parts of a fused module joined. Parts that contradict each
/// other are an error.
FailureOr<AdapterModules> collectModules(ModuleOp module);

/// Reads the targets.json of a package, whose bytes may be anything. Errors are
/// emitted at the file.
FailureOr<AdapterModules> readTargets(MLIRContext *context, StringRef path);

/// Writes `modules` as the file `path`, which appears whole or not at all.
LogicalResult writeTargets(Location loc, const AdapterModules &modules,
                           StringRef path);

} // namespace qeff

#endif // QEFF_IMPORT_ADAPTERMODULES_H
