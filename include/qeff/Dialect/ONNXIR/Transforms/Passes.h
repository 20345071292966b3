// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes over the dialect `onnxir`.
#ifndef QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_H
#define QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_H

#include "qeff/Support/LLVM.h"

#include "mlir/Pass/Pass.h"

namespace qeff::onnxir {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h.inc"

} // namespace qeff::onnxir

#endif // QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_H
