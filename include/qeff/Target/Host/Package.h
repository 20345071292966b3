// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes a host QPC (docs/HostPackage.md).
#ifndef QEFF_TARGET_HOST_PACKAGE_H
#define QEFF_TARGET_HOST_PACKAGE_H

#include "qeff/Support/LLVM.h"
#include "qeff/Support/Progress.h"
#include "qeff/Weights/Evaluator.h"

namespace qeff::host {

struct HostOptions {
  /// Where weights come from and how they are computed.
  EvaluatorOptions weights;
};

/// Writes qpc.json, program.so and weights.bin of `module` (phase `host`) into
/// `directory`, which is created where it does not exist. Equal modules and
/// weights give equal bytes. Progress is reported as the stages "code",
/// "weights" and "hash". Any failure gives one diagnostic and leaves incomplete
/// files, so let `directory` be a temporary one that is renamed.
LogicalResult writeHostPackage(ModuleOp module, StringRef directory,
                               const HostOptions &options,
                               const ProgressFn &progress = {});

} // namespace qeff::host

#endif // QEFF_TARGET_HOST_PACKAGE_H
