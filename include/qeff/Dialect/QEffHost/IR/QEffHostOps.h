// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops of the dialect `qeff_host`.
#ifndef QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTOPS_H
#define QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTOPS_H

#include "qeff/Dialect/QEff/IR/QEffInterfaces.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h.inc"

#endif // QEFF_DIALECT_QEFFHOST_IR_QEFFHOSTOPS_H
