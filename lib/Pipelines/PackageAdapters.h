// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters on their way through a compilation: from PEFT folders to symbols of
// the module, and from those to files of a package.
#ifndef QEFF_LIB_PIPELINES_PACKAGEADAPTERS_H
#define QEFF_LIB_PIPELINES_PACKAGEADAPTERS_H

#include "qeff/Import/Adapter.h"
#include "qeff/Pipelines/Compiler.h"

namespace qeff {

using RootFolders = std::map<std::string, std::string>;

/// Reads the adapters that `options` name, adds them to the canonical `module`
/// and their folders to `roots`. Errors are emitted at the files that have
/// them.
LogicalResult insertAdapters(ModuleOp module, const CompileOptions &options,
                             RootFolders &roots, const ProgressFn &progress);

/// Refuses NaN and infinity in the adapters that `module` came with, as when
/// they were read first. Files of roots without a folder are left to whoever
/// needs their values.
LogicalResult checkAdapterValues(ModuleOp module, const RootFolders &roots);

/// An adapter that a package is to hold.
struct PackagedAdapter {
  std::string name;
  double weight = 1;
  Adapter adapter;
};

/// The adapters of a canonical module as its symbols tell them, to be written
/// once a pass has made inputs of them. Those whose symbols are not those of
/// one file with a header are left out with a note.
FailureOr<std::vector<PackagedAdapter>>
collectAdapters(ModuleOp module, const RootFolders &roots, const NoteFn &note);

/// Whether `module`, of any phase, has adapters as inputs.
bool takesAdapters(ModuleOp module);

/// Writes the folder "adapters" of the package in `directory`: what
/// `module`, which takes adapters and is of a phase up to tuned, can take, and
/// `adapters`.
LogicalResult writeAdapters(ModuleOp module,
                            ArrayRef<PackagedAdapter> adapters,
                            StringRef directory, const ProgressFn &progress);

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_PACKAGEADAPTERS_H
