// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops of the dialect `qeff`.
#ifndef QEFF_DIALECT_QEFF_IR_QEFFOPS_H
#define QEFF_DIALECT_QEFF_IR_QEFFOPS_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEff/IR/QEffInterfaces.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "qeff/Dialect/QEff/IR/QEffOps.h.inc"

#endif // QEFF_DIALECT_QEFF_IR_QEFFOPS_H
