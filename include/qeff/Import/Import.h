// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a model on disk to a module.
#ifndef QEFF_IMPORT_IMPORT_H
#define QEFF_IMPORT_IMPORT_H

#include "qeff/Support/LLVM.h"
#include "qeff/Support/Progress.h"

namespace qeff {

/// Imports the Hugging Face model directory or the GGUF file at `path` as a
/// module of phase canonical. Only headers are read: time and memory do not
/// depend on the weights. The root "model" of its files is the directory, or
/// the one that holds the GGUF file. Errors are emitted at the file that has
/// them.
FailureOr<OwningOpRef<ModuleOp>> importModel(MLIRContext *context,
                                             StringRef path,
                                             const ProgressFn &progress = {});

/// Registers `--import-hf` (input: a config.json) and `--import-gguf` with the
/// translation driver. That loads the whole input first; `runFileTranslation`
/// does not.
void registerImportTranslations();

} // namespace qeff

#endif // QEFF_IMPORT_IMPORT_H
