// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Op interfaces of the dialect `qeff`.
#ifndef QEFF_DIALECT_QEFF_IR_QEFFINTERFACES_H
#define QEFF_DIALECT_QEFF_IR_QEFFINTERFACES_H

#include "qeff/Support/LLVM.h"
#include "qeff/Weights/Tile.h"

#include "qeff/Dialect/QEff/IR/QEffInterfaces.h.inc"

#endif // QEFF_DIALECT_QEFF_IR_QEFFINTERFACES_H
