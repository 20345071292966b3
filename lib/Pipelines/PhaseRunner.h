// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the pipelines of the phase table.
#ifndef QEFF_LIB_PIPELINES_PHASERUNNER_H
#define QEFF_LIB_PIPELINES_PHASERUNNER_H

#include "qeff/Pipelines/Phases.h"

namespace qeff {

/// Makes every pass known by its name.
void registerPassesOnce();

/// Runs the passes that lead to `phase` from the one before it. Errors are
/// emitted.
LogicalResult runPhase(ModuleOp module, const PhaseInfo &phase,
                       const PipelineOptions &options);

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_PHASERUNNER_H
