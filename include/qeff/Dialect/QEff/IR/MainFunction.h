// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function of a module that is the model.
#ifndef QEFF_DIALECT_QEFF_IR_MAINFUNCTION_H
#define QEFF_DIALECT_QEFF_IR_MAINFUNCTION_H

#include "qeff/Support/LLVM.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff {

/// The one public function with a body, which has one block. Emits an error
/// where there is none, a second one, or one of several blocks.
FailureOr<mlir::func::FuncOp> findMainFunction(ModuleOp module);

/// Whether the module came from an ONNX file.
bool isFromONNX(ModuleOp module);

/// The argument with the I/O name `name`, or null.
BlockArgument findArgument(mlir::func::FuncOp function, StringRef name);

/// The linear layer that gives the logits: the first result comes from it, and
/// it has as many outputs as a table of embeddings has rows. Null where there is
/// none.
Operation *findHead(mlir::func::FuncOp function);

/// Whether the function runs as it is, in one call that sees everything, as
/// encoders do: it is no decoder that goes on with a sequence call by call. A
/// decoder has `position_ids` and a causal attention; one of a checkpoint is
/// known by `position_ids` alone, one from ONNX has `input_ids` too.
bool isPlainGraph(ModuleOp module, mlir::func::FuncOp function);

} // namespace qeff

#endif // QEFF_DIALECT_QEFF_IR_MAINFUNCTION_H
