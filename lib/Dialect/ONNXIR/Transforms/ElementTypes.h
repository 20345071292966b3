// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types of the results of typed operators.
#ifndef QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_ELEMENTTYPES_H
#define QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_ELEMENTTYPES_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

namespace qeff::onnxir {

/// The element type of result `number` of `op` as its operands and attributes
/// say, or null.
Type inferElementType(OperatorOpInterface op, unsigned number);

} // namespace qeff::onnxir

#endif // QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_ELEMENTTYPES_H
