// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which modules a PEFT configuration means. Private to the adapter reader.
#ifndef QEFF_LIB_IMPORT_PEFTTARGETS_H
#define QEFF_LIB_IMPORT_PEFTTARGETS_H

#include "PEFTConfig.h"
#include "PythonRegex.h"

#include "qeff/Import/AdapterModules.h"

#include "llvm/ADT/StringSet.h"

namespace qeff {

/// A configuration with its patterns compiled. Errors are emitted at the
/// configuration's location.
class PEFTTargets {
public:
  /// What a configuration does to a module.
  enum class Role {
    None,
    Target, ///< has a low-rank pair
    Saved,  ///< is replaced by the adapter's own
  };

  static FailureOr<PEFTTargets> create(const PEFTConfig &config,
                                       const AdapterModules &modules,
                                       Location loc);

  /// The role of each module, in order. Names that mean no module, and targets
  /// that are neither linear layers nor embeddings, are errors.
  FailureOr<std::vector<Role>> resolve();

  /// Rank and alpha of the target `path`.
  FailureOr<std::pair<int64_t, double>> getRankAndAlpha(StringRef path) const;

private:
  using Anchor = PythonRegex::Anchor;
  /// One entry of rank_pattern or alpha_pattern.
  struct Pattern {
    PythonRegex regex;
    double value;
  };

  PEFTTargets(const PEFTConfig &config, const AdapterModules &modules,
              Location loc)
      : config(config), modules(modules), loc(loc) {}

  LogicalResult compile(StringRef key, StringRef pattern, StringRef prefix,
                        StringRef suffix, std::optional<PythonRegex> &regex);
  LogicalResult compileAll();
  FailureOr<bool> matches(const PythonRegex &regex, StringRef text,
                          Anchor anchor) const;
  FailureOr<bool> isExcluded(StringRef path) const;
  FailureOr<bool> isTarget(StringRef path) const;
  FailureOr<bool> isTransformedLayer(StringRef path) const;
  bool isSaved(StringRef path);
  FailureOr<double> getValue(const std::vector<Pattern> &patterns,
                             StringRef path, double fallback) const;
  LogicalResult checkContainers() const;
  LogicalResult checkNames() const;

  const PEFTConfig &config;
  const AdapterModules &modules;
  Location loc;
  std::optional<PythonRegex> targets, excluded;
  std::vector<PythonRegex> saved, layers;
  std::vector<Pattern> ranks, alphas;
  llvm::StringSet<> targetNames, excludedNames;
  llvm::StringSet<> used;      ///< ends of paths
  llvm::StringSet<> usedSaved; ///< names of modules_to_save that mean modules
};

} // namespace qeff

#endif // QEFF_LIB_IMPORT_PEFTTARGETS_H
