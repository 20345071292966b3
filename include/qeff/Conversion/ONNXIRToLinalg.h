// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX operators as linalg, arith, math, scf and tensor ops on tensors.
#ifndef QEFF_CONVERSION_ONNXIRTOLINALG_H
#define QEFF_CONVERSION_ONNXIRTOLINALG_H

#include "qeff/Support/LLVM.h"

#include "mlir/Transforms/DialectConversion.h"

#include <string>

namespace qeff::onnxir {

/// Whether `op` is an operator that there is a lowering for.
bool isLowerable(Operation *op);

/// The names of the operators that there is a lowering for, sorted.
SmallVector<StringRef> getLowerableOperators();

/// `type` with signless integers for unsigned ones; other types stay.
Type getSignlessType(Type type);

/// Computes what `op` computes from `operands` (its own, of signless types; what
/// is left out is null), a value of signless type per result. All types are
/// static. Integer operands of up to 64 elements that are constants are read
/// when this is called; the values in `operands` are then not used. On failure
/// `reason` is "expects …, got …".
FailureOr<SmallVector<Value>> lowerOperator(OpBuilder &builder, Operation *op,
                                            ValueRange operands,
                                            std::string &reason);

/// Patterns that replace operators by their lowerings; `converter` converts as
/// getSignlessType does.
void populateONNXIRToLinalgPatterns(const mlir::TypeConverter &converter,
                                    RewritePatternSet &patterns);

} // namespace qeff::onnxir

#endif // QEFF_CONVERSION_ONNXIRTOLINALG_H
