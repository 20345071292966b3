// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads a printed module that may come from anywhere.
#ifndef QEFF_LIB_PIPELINES_MODULEFILE_H
#define QEFF_LIB_PIPELINES_MODULEFILE_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// Whether the name `path` is that of a module.
bool isModuleFile(StringRef path);

/// Parses the module in the regular file `path`, text or bytecode. Text that is
/// nested deeper than MLIR's parser, which recurses, has stack for is refused.
/// Null on failure, after an error.
OwningOpRef<ModuleOp> readModuleFile(MLIRContext *context, StringRef path);

/// The line of `text` at which its brackets are nested deeper than `limit`, or
/// 0. Strings and comments count for nothing.
int64_t findDeepNesting(StringRef text, int64_t limit);

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_MODULEFILE_H
