// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inputs of a function that is being raised.
#ifndef QEFF_LIB_RAISE_POSITIONS_H
#define QEFF_LIB_RAISE_POSITIONS_H

#include "qeff/Support/LLVM.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff {

/// Marks the argument that holds positions: true where the graph has it, false
/// where it was added.
inline constexpr StringRef kPositionsAttr = "qeff.positions";

/// Arguments [batch, length] of numbers that may be positions or padding: all of
/// two axes but what is looked up as tokens.
SmallVector<Value> getIntegerInputs(mlir::func::FuncOp function);

/// The argument that tokens are looked up by, or null.
BlockArgument findTokens(mlir::func::FuncOp function);

/// The function's positions [B, S] of i64: `given`, where that is not null, which
/// must be an argument and the same every time; else the argument that was found
/// before, or a new one. Null where `given` is none of these.
Value getPositions(mlir::func::FuncOp function, Value given);

} // namespace qeff

#endif // QEFF_LIB_RAISE_POSITIONS_H
