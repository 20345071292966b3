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

/// Whether the function is a graph to run as it is: it came from ONNX and is no
/// decoder, that is, it lacks `input_ids`, `position_ids` or attention.
bool isPlainGraph(ModuleOp module, mlir::func::FuncOp function);

} // namespace qeff

#endif // QEFF_DIALECT_QEFF_IR_MAINFUNCTION_H
