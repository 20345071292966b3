// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the compiler's files may be.
#ifndef QEFF_LIB_PIPELINES_OUTPUTCHECK_H
#define QEFF_LIB_PIPELINES_OUTPUTCHECK_H

#include "qeff/Pipelines/Compiler.h"
#include "qeff/Weights/Evaluator.h"

namespace qeff {

/// Refuses to write `output` over the model: its file or folder's files,
/// modules in there excepted, those of adapters, and those that the weights of
/// `module` are in.
LogicalResult checkOutputFile(Location loc, const CompileOptions &options,
                              ModuleOp module, StringRef output,
                              const EvaluatorOptions &weights);

/// The same of the report, if there is to be one. It is no part of the
/// package, or the next one would be refused there; its folder must be there.
LogicalResult checkReportFile(Location loc, const CompileOptions &options,
                              ModuleOp module,
                              const EvaluatorOptions &weights);

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_OUTPUTCHECK_H
