// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which options the passes between two phases take is what the phase table
// says.

#include "OptionUse.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Pipelines/Phases.h"

#include "llvm/ADT/StringExtras.h"

using namespace qeff;

static Phase getTargetPhase(StringRef target) {
  return *symbolizePhase(target);
}

/// The phases that are to be made; of targets that are not named, those that
/// follow from `from`.
static SmallVector<Phase> getGoals(const CompileOptions &options, Phase from) {
  if (!options.compileTo.empty()) {
    return {*symbolizePhase(options.compileTo)};
  }
  SmallVector<Phase> goals;
  if (options.targets.empty()) {
    for (Phase goal : {Phase::Host, Phase::AIC100}) {
      if (succeeded(getPath(from, goal))) {
        goals.push_back(goal);
      }
    }
  }
  for (StringRef target : options.targets) {
    goals.push_back(getTargetPhase(target));
  }
  return goals;
}

static std::string getNames(ArrayRef<Phase> phases) {
  return llvm::join(llvm::map_range(phases,
                                    [](Phase phase) {
                                      return stringifyPhase(phase).str();
                                    }),
                    " and ");
}

/// The phases whose passes take the option `name`.
static SmallVector<Phase> getPhasesOf(StringRef name) {
  std::string variable = ("$" + name).str();
  SmallVector<Phase> found;
  for (const PhaseInfo &info : getPhases()) {
    if (info.passes.contains(variable)) {
      found.push_back(info.phase);
    }
  }
  return found;
}

/// Whether `phase` lies between `from` (exclusive) and one of `goals`.
static bool isMade(Phase phase, Phase from, ArrayRef<Phase> goals) {
  return llvm::any_of(goals, [&](Phase goal) {
    FailureOr<SmallVector<PhaseInfo>> path = getPath(from, goal);
    return succeeded(path) &&
           llvm::any_of(*path, [&](const PhaseInfo &info) {
             return info.phase == phase;
           });
  });
}

static LogicalResult checkTargets(Location loc, const CompileOptions &options) {
  if (options.compileTo.empty() || options.targets.empty()) {
    return success();
  }
  Phase to = *symbolizePhase(options.compileTo);
  for (StringRef target : options.targets) {
    if (succeeded(getPath(to, getTargetPhase(target)))) {
      return success();
    }
  }
  return mlir::emitError(loc)
         << "target: expects one that phase " << options.compileTo
         << " leads to, got " << llvm::join(options.targets, ",");
}

static LogicalResult checkRoots(Location loc, const CompileOptions &options,
                                ModuleOp module) {
  for (const auto &[name, directory] : options.roots) {
    // A package's tokenizer comes from "model", whether or not weights do.
    bool used = name == "model" ||
                llvm::any_of(module.getOps<FileOp>(), [&](FileOp file) {
                  return file.getRoot() == name;
                });
    if (!used) {
      return mlir::emitError(loc) << "root: expects one that the module's "
                                     "files name, got '"
                                  << name << "'";
    }
  }
  return success();
}

static LogicalResult checkAdapters(Location loc, const CompileOptions &options,
                                   ModuleOp module, ArrayRef<Phase> goals) {
  Phase from = *getPhase(module);
  bool adapted = isMade(Phase::Adapted, from, goals);
  if (!options.adapters.empty() && from != Phase::Canonical &&
      !isMade(Phase::Canonical, from, goals)) {
    return mlir::emitError(loc)
           << "adapter: expects a model or a module of phase canonical, got "
              "one of phase "
           << stringifyPhase(from);
  }
  bool any =
      !options.adapters.empty() || !module.getOps<AdapterOp>().empty();
  StringRef mode = options.adapterMode;
  if (options.allowNonfinite && !any) {
    return mlir::emitError(loc) << "allow-nonfinite: expects an adapter to "
                                   "read, got none";
  }
  if (any && adapted && mode.empty()) {
    return mlir::emitError(loc)
           << "adapter-mode: expects merge (adapters become a part of the "
              "weights) or swap (they are set while running), got none";
  }
  if (!any && mode == "merge") {
    return mlir::emitError(loc)
           << "adapter-mode: expects adapters to merge, got none";
  }
  if (!any && mode == "swap" && !options.maxLoRARank) {
    return mlir::emitError(loc)
           << "adapter-mode: expects adapters, or a max-lora-rank for those "
              "that are to come, got neither";
  }
  if (options.maxLoRARank && mode.empty()) {
    return mlir::emitError(loc)
           << "max-lora-rank: expects adapter-mode swap, got none";
  }
  return success();
}

LogicalResult qeff::checkOptionUse(Location loc, const CompileOptions &options,
                                   ModuleOp module) {
  const std::pair<StringRef, bool> passOptions[] = {
      {"adapter-mode", !options.adapterMode.empty()},
      {"max-lora-rank", options.maxLoRARank.has_value()},
      {"prefill-seq-len", options.prefillSeqLen.has_value()},
      {"ctx-len", options.ctxLen.has_value()},
      {"batch-size", options.batchSize.has_value()},
      {"dims", !options.dims.empty()},
      {"require-raised", options.requireRaised},
      {"host-weights", !options.hostWeights.empty()},
      {"mcpu", !options.mcpu.empty()},
      {"onnx-dtype", !options.onnxDtype.empty()},
  };
  const std::pair<StringRef, bool> cardOptions[] = {
      {"num-cores", options.numCores.has_value()},
      {"mxfp6-matmul", options.mxfp6Matmul},
      {"mxint8-kv-cache", options.mxint8KVCache},
  };
  Phase from = *getPhase(module);
  SmallVector<Phase> goals = getGoals(options, from);
  for (auto [name, isSet] : passOptions) {
    SmallVector<Phase> phases = getPhasesOf(name);
    bool isUsed = llvm::any_of(
        phases, [&](Phase phase) { return isMade(phase, from, goals); });
    if (isSet && !isUsed) {
      return mlir::emitError(loc)
             << name << ": expects phase " << stringifyPhase(phases.front())
             << " to be made, got a module of phase " << stringifyPhase(from)
             << " to become " << getNames(goals);
    }
  }
  if (failed(checkAdapters(loc, options, module, goals))) {
    return failure();
  }
  bool makesCard = options.compileTo.empty() &&
                   llvm::is_contained(goals, Phase::AIC100);
  for (auto [name, isSet] : cardOptions) {
    if (isSet && !makesCard) {
      return mlir::emitError(loc)
             << name << ": expects a package with target aic100, got "
             << (options.compileTo.empty() ? getNames(goals)
                                           : "a module of phase " +
                                                 options.compileTo);
    }
  }
  return failed(checkTargets(loc, options)) ? failure()
                                            : checkRoots(loc, options, module);
}
