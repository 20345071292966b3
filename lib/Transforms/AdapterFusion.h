// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two modes of qeff-fuse-adapters.
#ifndef QEFF_LIB_TRANSFORMS_ADAPTERFUSION_H
#define QEFF_LIB_TRANSFORMS_ADAPTERFUSION_H

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/MapVector.h"

namespace qeff {

/// The ops of each module by its path, both in the order of a function.
using ModuleOps = llvm::MapVector<StringAttr, SmallVector<Operation *, 1>>;
ModuleOps collectModuleOps(mlir::func::FuncOp function);

/// The module that `op` is, or null.
ModuleAttr getModuleAttr(Operation *op);

/// The outputs of the linear module that `parts` are; 0 where one of them is no
/// `qeff.linear`.
int64_t getLinearOutputs(ArrayRef<Operation *> parts);

/// Whether each of the linear layers `parts` has rows that are consecutive.
bool areConsecutive(ArrayRef<Operation *> parts);

/// Makes `adapters` part of the weights of `function`. Errors are emitted.
LogicalResult mergeAdapters(mlir::func::FuncOp function,
                            ArrayRef<AdapterOp> adapters);

/// Makes the modules of `adapters`, or all linear ones where there are none,
/// take low-rank pairs of `rank` from new arguments of `function`; 0 is the
/// largest rank of `adapters`. Errors are emitted.
LogicalResult swapAdapters(mlir::func::FuncOp function,
                           ArrayRef<AdapterOp> adapters, int64_t rank);

} // namespace qeff

#endif // QEFF_LIB_TRANSFORMS_ADAPTERFUSION_H
