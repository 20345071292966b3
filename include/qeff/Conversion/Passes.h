// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes from one dialect to another.
#ifndef QEFF_CONVERSION_PASSES_H
#define QEFF_CONVERSION_PASSES_H

#include "qeff/Support/LLVM.h"

#include "mlir/Pass/Pass.h"

namespace qeff {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qeff/Conversion/Passes.h.inc"

} // namespace qeff

#endif // QEFF_CONVERSION_PASSES_H
