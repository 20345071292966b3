// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phase table: what each phase is, what it follows from and the passes that
// lead to it. It drives the registered pipelines `qeff-to-<phase>`, the options
// `--compile-from` and `--compile-to`, dumps and docs.
#ifndef QEFF_PIPELINES_PHASES_H
#define QEFF_PIPELINES_PHASES_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"

#include <map>
#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace qeff {

/// What the passes of the pipeline need to know.
struct PipelineOptions {
  /// What becomes of adapters: "merge" or "swap".
  std::string adapterMode = "merge";
  /// Ranks that adapters set while running can have; 0: the largest given.
  int64_t maxLoRARank = 0;
  /// Positions of one prefill call.
  int64_t prefillSeqLen = 32;
  /// Slots of the KV cache: prompt and answer together.
  int64_t ctxLen = 1024;
  /// Rows of a call.
  int64_t batchSize = 1;
  /// Fail where ONNX operators are left in phase canonical.
  bool requireRaised = false;
  /// Folders of the roots that the module's files name, for constants that are
  /// read while raising; none: "model" is the working directory.
  std::map<std::string, std::string> roots = {};
  /// Sizes of an ONNX graph's dims, as "NAME=VALUE,NAME=VALUE".
  std::string dims = "";
  /// Storage of the AI 100 graph: "f32", "f16" or "auto" (f16 where most of the
  /// weights are stored in 16-bit floats).
  std::string onnxDtype = "auto";
  /// Elements of the host's weights: "auto" (as stored), "f32", "f16", "bf16".
  std::string hostWeights = "auto";
  /// CPU that the host's kernels are for, as LLVM names it, or "native".
  std::string mcpu = "native";
};

struct PhaseInfo {
  Phase phase;
  /// The phase that this one continues.
  Phase after;
  /// One line: what holds afterwards.
  StringRef doc;
  /// The passes, as a textual pipeline; `$name` stands for an option's value.
  StringRef passes;
};

/// All phases that a pipeline leads to, in order.
ArrayRef<PhaseInfo> getPhases();

/// The phases that lead from `from` (exclusive) to `to` (inclusive), or failure
/// where `to` does not follow from `from`.
FailureOr<SmallVector<PhaseInfo>> getPath(Phase from, Phase to);

/// The textual pipeline from `from` to `to`: what `--pass-pipeline` takes inside
/// `builtin.module(…)`.
FailureOr<std::string> getPipelineText(Phase from, Phase to,
                                       const PipelineOptions &options);

/// Registers `qeff-to-<phase>`, each from `canonical`.
void registerPipelines();

} // namespace qeff

#endif // QEFF_PIPELINES_PHASES_H
