// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of ONNX operators: the linalg form of an operator, bufferized and
// turned into loops inside one function.
#ifndef QEFF_LIB_CONVERSION_QEFFTOHOST_OPERATORKERNELS_H
#define QEFF_LIB_CONVERSION_QEFFTOHOST_OPERATORKERNELS_H

#include "qeff/Support/LLVM.h"
#include "qeff/Target/Host/Kernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringMap.h"

namespace qeff::host {

/// A kernel and its operands: what it reads, then what it writes, then memory
/// that it needs while it runs. Without a symbol where there is nothing to do.
struct OperatorKernel {
  Kernel kernel;
  /// Indices of the operator's operands that it reads.
  SmallVector<unsigned> reads;
  /// Indices of the operator's results that it writes.
  SmallVector<unsigned> writes;
  /// Sizes of the memory.
  SmallVector<int64_t> scratchBytes;
};

/// Builds kernels of operators into a module: one for each distinct operator,
/// attributes, types and constants that shape it.
class OperatorKernels {
public:
  OperatorKernels(ModuleOp module, const KernelTarget &target);

  /// The kernel of `op`. Emits an error that names the operator and its node
  /// where there is none.
  FailureOr<OperatorKernel> get(Operation *op);

private:
  FailureOr<OperatorKernel> build(Operation *op, StringRef name);

  ModuleOp module;
  KernelTarget target;
  llvm::StringMap<OperatorKernel> kernels;
  llvm::StringMap<unsigned> counts;
};

/// "expects …" about an operator and its node, at its location.
InFlightDiagnostic emitOperatorError(Operation *op, const Twine &reason);

/// Turns the body of `kernel`, ops on tensors between bufferization.to_tensor
/// and materialize_in_destination, into loops over its arguments. Buffers that
/// it needs become arguments in front of the last two. The number of tiles, or
/// nothing where it cannot.
std::optional<int64_t> bufferizeKernel(mlir::func::FuncOp kernel,
                                       const KernelTarget &target);

} // namespace qeff::host

#endif // QEFF_LIB_CONVERSION_QEFFTOHOST_OPERATORKERNELS_H
