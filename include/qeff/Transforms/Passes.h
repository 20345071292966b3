// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes over the dialect `qeff`.
#ifndef QEFF_TRANSFORMS_PASSES_H
#define QEFF_TRANSFORMS_PASSES_H

#include "qeff/Support/LLVM.h"

#include "mlir/Pass/Pass.h"

namespace qeff {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qeff/Transforms/Passes.h.inc"

} // namespace qeff

#endif // QEFF_TRANSFORMS_PASSES_H
