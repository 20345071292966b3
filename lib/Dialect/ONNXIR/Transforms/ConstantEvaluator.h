// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes operators on small constants exactly as ONNX defines them.
#ifndef QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_CONSTANTEVALUATOR_H
#define QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_CONSTANTEVALUATOR_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

namespace qeff::onnxir {

/// Elements of a constant that is computed.
inline constexpr int64_t kMaxFoldedElements = 4096;

/// The value of `op`, an operator with one result, on the given operands (null:
/// left out), or null where that is not known, has more than
/// `kMaxFoldedElements`, or would be rounded otherwise by another machine.
DenseElementsAttr evaluate(OperatorOpInterface op,
                           ArrayRef<DenseElementsAttr> operands);

} // namespace qeff::onnxir

#endif // QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_CONSTANTEVALUATOR_H
