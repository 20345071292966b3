// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes over the dialect `onnxir`.
#ifndef QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_H
#define QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_H

#include "qeff/Support/LLVM.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace qeff::onnxir {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h.inc"

/// Gives the function the result types, with `qeff.dims`, of what it returns.
void updateResultTypes(mlir::func::FuncOp function);

/// Raises the opset of ONNX's domain that `module` imports to `version`, and the
/// version of the file format to one that has it. A module that says neither
/// stays as it is.
void raiseOpset(ModuleOp module, int64_t version);

} // namespace qeff::onnxir

#endif // QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_H
