// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The package for Qualcomm Cloud AI 100 and the call of its compiler.
#ifndef QEFF_TARGET_AIC100_H
#define QEFF_TARGET_AIC100_H

#include "qeff/Support/LLVM.h"
#include "qeff/Support/Progress.h"
#include "qeff/Weights/Evaluator.h"

#include <string>
#include <vector>

namespace qeff {

struct AIC100Options {
  /// Cores of the card that the program uses.
  int64_t numCores = 16;
  /// Weights of MatMuls in MXFP6.
  bool mxfp6Matmul = false;
  /// Retained keys and values in MXINT8 instead of float16.
  bool mxint8KVCache = false;
};

/// The arguments of qaic-compile for the package in `directory` ("" gives
/// paths relative to it). `legacy` gives those of the older qaic-exec.
std::vector<std::string> getQPCArguments(const AIC100Options &options,
                                         bool hasState, StringRef directory,
                                         bool legacy = false);

/// Writes model.onnx, model.onnx.data, specializations.json, custom_io.yaml
/// (where there is state) and compile.sh into `directory`, which exists.
/// `module` is of phase aic100 with `qeff.specializations`.
LogicalResult writeAIC100Package(ModuleOp module, StringRef directory,
                                 const AIC100Options &options,
                                 const EvaluatorOptions &weights,
                                 const ProgressFn &progress = {});

/// Compiles the package in `directory` to `directory`/qpc/programqpc.bin with
/// $QAIC_COMPILER, /opt/qti-aic/exec/qaic-compile, or qaic-compile or qaic-exec
/// of PATH. Returns false where there is none of these; `message` then says
/// what is missing and what to run later. Errors carry the command, the exit
/// code and the end of what the compiler wrote.
FailureOr<bool> compileQPC(Location loc, StringRef directory,
                           const AIC100Options &options, std::string &message);

} // namespace qeff

#endif // QEFF_TARGET_AIC100_H
