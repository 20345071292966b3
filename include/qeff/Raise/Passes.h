// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes that recognize transformer ops in ONNX graphs.
#ifndef QEFF_RAISE_PASSES_H
#define QEFF_RAISE_PASSES_H

#include "qeff/Support/LLVM.h"

#include "mlir/Pass/Pass.h"

namespace qeff {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qeff/Raise/Passes.h.inc"

} // namespace qeff

#endif // QEFF_RAISE_PASSES_H
