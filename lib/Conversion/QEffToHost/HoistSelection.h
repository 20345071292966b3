// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moves the selection of the last position up.
#ifndef QEFF_LIB_CONVERSION_QEFFTOHOST_HOISTSELECTION_H
#define QEFF_LIB_CONVERSION_QEFFTOHOST_HOISTSELECTION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff::host {

/// Selects the last position in front of everything that works on each position
/// alone and whose other positions nobody needs.
void hoistSelection(mlir::func::FuncOp function);

} // namespace qeff::host

#endif // QEFF_LIB_CONVERSION_QEFFTOHOST_HOISTSELECTION_H
