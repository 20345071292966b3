// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler as one call: a model or a module in, a package or a module out.
// qeff-compile, the C interface and Python bind to the same options.
#ifndef QEFF_PIPELINES_COMPILER_H
#define QEFF_PIPELINES_COMPILER_H

#include "qeff/Support/LLVM.h"
#include "qeff/Support/Progress.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qeff {

/// An adapter to compile with.
struct AdapterArgument {
  std::string name;
  /// A PEFT folder.
  std::string directory;
  /// Multiplies the adapter's scalings.
  double weight = 1;
};

/// What is not set takes the default that its comment names. What is set and
/// would change nothing, because its pass does not run or its target is not
/// made, is refused.
struct CompileOptions {
  /// A Hugging Face directory, a `.gguf` or `.onnx` file, or a `.mlir` or
  /// `.mlirbc` module of any phase.
  std::string model;
  /// The package to write; with `compileTo`, the file ("-": standard output;
  /// bytecode where the name ends in `.mlirbc`).
  std::string output;
  /// What the package holds: "host", "aic100"; empty: both, or the one that a
  /// module of a later phase can become.
  std::vector<std::string> targets;

  /// Tokens of a row in one prefill call: 32.
  std::optional<int64_t> prefillSeqLen;
  /// Slots of the KV cache, prompt and answer together: 1024.
  std::optional<int64_t> ctxLen;
  /// Rows of a call: 1.
  std::optional<int64_t> batchSize;
  /// Sizes of the dims of an ONNX graph that is no decoder, by name.
  std::map<std::string, int64_t> dims;

  /// Fail where ONNX operators are left that are no transformer-level ops.
  bool requireRaised = false;

  /// LoRA adapters of the model, applied in this order.
  std::vector<AdapterArgument> adapters;
  /// What becomes of adapters: "merge" (a part of the weights) or "swap" (set
  /// while running); needed where there are any.
  std::string adapterMode;
  /// Swap: the largest rank that an adapter may have: that of the adapters
  /// given. Without adapters every linear layer takes one.
  std::optional<int64_t> maxLoRARank;
  /// Take adapters with NaN and infinity.
  bool allowNonfinite = false;

  /// Storage in the ONNX file: "f32" or "f16"; "" takes f16 where most of the
  /// weights are stored in 16-bit floats.
  std::string onnxDtype;
  /// Cores of the card: 16.
  std::optional<int64_t> numCores;
  bool mxfp6Matmul = false;
  bool mxint8KVCache = false;

  /// Storage on the host: "auto" (as stored, also ""), "f32", "f16" or "bf16".
  std::string hostWeights;
  /// The CPU to compile for; "native", or "", is this one.
  std::string mcpu;

  /// The phase that the module must be of; "": whichever it is.
  std::string compileFrom;
  /// The phase to stop at; "": write a package.
  std::string compileTo;
  /// Folders of the roots that the module's files name. "model" is the model's
  /// own folder, or the module's, unless it is given here.
  std::map<std::string, std::string> roots;
  /// A file outside of the package for a page (HTML) about the model, what
  /// was fused and what was not, and what each step took; "": none. It is
  /// written when the compilation fails as well, once the model is read.
  std::string report;
  /// 0 takes one per CPU.
  unsigned threads = 0;
};

/// Called with one line about something that is not an error but should be
/// known ("… is not there, run … later").
using NoteFn = std::function<void(StringRef note)>;

/// Compiles as `options` say. The dialects that are needed are loaded into
/// `context`. Errors are diagnostics of the context. A package is written
/// beside `output` and takes its place in one rename: failure, or a killed
/// process, leaves what was there. An output that exists and is no package of
/// ours, or holds what is none of its parts, is refused; adapters that lie in
/// it and are not written are carried over. A module is never written over a
/// file of the model.
LogicalResult compile(MLIRContext *context, const CompileOptions &options,
                      const ProgressFn &progress = {}, const NoteFn &note = {});

/// `diagnostic` as text without a severity: "place: message", with each note
/// after "; ".
std::string formatDiagnostic(const mlir::Diagnostic &diagnostic);

} // namespace qeff

#endif // QEFF_PIPELINES_COMPILER_H
