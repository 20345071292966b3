// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All ops of the dialect `qeff`, by family.
#ifndef QEFF_DIALECT_QEFF_IR_QEFFOPS_TD
#define QEFF_DIALECT_QEFF_IR_QEFFOPS_TD

include "qeff/Dialect/QEff/IR/Ops/Symbols.td"
include "qeff/Dialect/QEff/IR/Ops/Weights.td"
include "qeff/Dialect/QEff/IR/Ops/Transformer.td"
include "qeff/Dialect/QEff/IR/Ops/Positions.td"
include "qeff/Dialect/QEff/IR/Ops/State.td"
include "qeff/Dialect/QEff/IR/Ops/Adapters.td"

#endif // QEFF_DIALECT_QEFF_IR_QEFFOPS_TD
