// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights as arguments of functions.
#ifndef QEFF_LIB_CONVERSION_QEFFTOLINALG_WEIGHTARGUMENTS_H
#define QEFF_LIB_CONVERSION_QEFFTOLINALG_WEIGHTARGUMENTS_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// Puts the bodies of weight expressions where they are referred to, and gives
/// each function an argument behind its own for every weight that it refers to,
/// in the module's order. An argument says where its bytes are: `qeff.weight`
/// (the symbol's name), `qeff.file`, `qeff.root`, `qeff.offset` and, where the
/// bytes are blocks, `qeff.encoding`.
LogicalResult convertWeightsToArguments(ModuleOp module);

} // namespace qeff

#endif // QEFF_LIB_CONVERSION_QEFFTOLINALG_WEIGHTARGUMENTS_H
