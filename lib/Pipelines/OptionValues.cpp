// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What options may be, whatever is compiled.

#include "OptionUse.h"

#include "qeff/Import/Adapter.h"
#include "qeff/Pipelines/Phases.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace qeff;

/// The phases' names, for messages.
static std::string getPhaseNames() {
  std::string names;
  for (const PhaseInfo &info : getPhases()) {
    names += (names.empty() ? "" : ", ") + stringifyPhase(info.phase).str();
  }
  return names;
}

/// Refuses `value` unless it is "" or one of `known`.
static LogicalResult checkChoice(Location loc, StringRef name, StringRef value,
                                 ArrayRef<StringRef> known) {
  if (value.empty() || llvm::is_contained(known, value)) {
    return success();
  }
  InFlightDiagnostic diagnostic = mlir::emitError(loc);
  diagnostic << name << ": expects ";
  for (auto [index, choice] : llvm::enumerate(known)) {
    diagnostic << (index == 0                  ? ""
                   : index + 1 == known.size() ? " or "
                                               : ", ")
               << choice;
  }
  return diagnostic << ", got '" << value << "'";
}

static LogicalResult checkTargetsAndPhases(Location loc,
                                           const CompileOptions &options) {
  for (const std::string &target : options.targets) {
    if (target != "host" && target != "aic100" && target != "onnx") {
      return mlir::emitError(loc)
             << "target: expects host, aic100 and onnx, got '" << target << "'";
    }
  }
  if (options.output == "-" && options.compileTo.empty()) {
    return mlir::emitError(loc)
           << "output: expects the name of a package, got '-': standard output "
              "takes a module alone (compile-to)";
  }
  const std::pair<StringRef, StringRef> phases[] = {
      {"compile-from", options.compileFrom}, {"compile-to", options.compileTo}};
  for (auto [name, phase] : phases) {
    if (!phase.empty() && !symbolizePhase(phase)) {
      return mlir::emitError(loc) << name << ": unknown phase '" << phase
                                  << "', known are " << getPhaseNames();
    }
  }
  return success();
}

static LogicalResult checkShape(Location loc, const CompileOptions &options) {
  PipelineOptions defaults;
  int64_t prefill = options.prefillSeqLen.value_or(defaults.prefillSeqLen);
  int64_t context = options.ctxLen.value_or(defaults.ctxLen);
  if (prefill < 1 || context < 1 || options.batchSize.value_or(1) < 1 ||
      options.numCores.value_or(1) < 1) {
    return mlir::emitError(loc) << "expects positive lengths, rows and cores";
  }
  for (const auto &[name, value] : options.dims) {
    // Names are a part of the pipeline's text.
    bool isPlain = !name.empty() && llvm::all_of(name, [](char c) {
      return llvm::isAlnum(c) || StringRef("_-./:").contains(c);
    });
    if (!isPlain || value < 0) {
      return mlir::emitError(loc)
             << "dims: expects names of letters, digits and _-./: and sizes of "
                "at least 0, got '"
             << name << "' and " << value;
    }
  }
  if (prefill > context) {
    return mlir::emitError(loc)
           << "expects prefill-seq-len <= ctx-len, got " << prefill << " and "
           << context;
  }
  return success();
}

static LogicalResult checkAdapters(Location loc,
                                   const CompileOptions &options) {
  llvm::StringSet<> names;
  for (const AdapterArgument &adapter : options.adapters) {
    if (failed(checkAdapterName(loc, adapter.name))) {
      return failure();
    }
    if (!names.insert(adapter.name).second) {
      return mlir::emitError(loc) << "adapter: expects each name once, got '"
                                  << adapter.name << "' twice";
    }
    if (!std::isfinite(adapter.weight)) {
      return mlir::emitError(loc)
             << "adapter: expects a finite weight of '" << adapter.name << "'";
    }
  }
  constexpr int64_t kMaxRank = 1 << 16;
  int64_t rank = options.maxLoRARank.value_or(1);
  if (rank < 1 || rank > kMaxRank) {
    return mlir::emitError(loc) << "max-lora-rank: expects a rank from 1 to "
                                << kMaxRank << ", got " << rank;
  }
  if (options.maxLoRARank && options.adapterMode == "merge") {
    return mlir::emitError(loc)
           << "max-lora-rank: expects adapter-mode swap, got merge";
  }
  return success();
}

LogicalResult qeff::checkOptionValues(Location loc,
                                      const CompileOptions &options) {
  if (failed(checkTargetsAndPhases(loc, options)) ||
      failed(checkChoice(loc, "onnx-dtype", options.onnxDtype,
                         {"f32", "f16"})) ||
      failed(checkChoice(loc, "host-weights", options.hostWeights,
                         {"auto", "f32", "f16", "bf16"})) ||
      failed(checkChoice(loc, "adapter-mode", options.adapterMode,
                         {"merge", "swap"}))) {
    return failure();
  }
  // The CPU's name becomes part of a pipeline's text.
  for (char c : options.mcpu) {
    if (!llvm::isAlnum(c) && c != '-' && c != '_' && c != '.') {
      return mlir::emitError(loc)
             << "mcpu: expects the name of a CPU, got '" << options.mcpu << "'";
    }
  }
  return failed(checkShape(loc, options)) ? failure()
                                          : checkAdapters(loc, options);
}
