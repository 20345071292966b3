// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tells options that a compilation uses from those that it would ignore.
#ifndef QEFF_LIB_PIPELINES_OPTIONUSE_H
#define QEFF_LIB_PIPELINES_OPTIONUSE_H

#include "qeff/Pipelines/Compiler.h"

namespace qeff {

/// Refuses values that no compilation takes. Errors are emitted at `loc`.
LogicalResult checkOptionValues(Location loc, const CompileOptions &options);

/// Refuses options that are set and change nothing where `module` is compiled:
/// those of passes that do not run from its phase, those of a target that is
/// not made, and roots that none of its files has. Adapters to be read need a
/// canonical module, and all of them a mode. Errors are emitted at `loc`.
LogicalResult checkOptionUse(Location loc, const CompileOptions &options,
                             ModuleOp module);

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_OPTIONUSE_H
