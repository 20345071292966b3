// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the verifiers of the ops ask of tensor types.
#ifndef QEFF_LIB_DIALECT_QEFF_IR_TENSORTYPES_H
#define QEFF_LIB_DIALECT_QEFF_IR_TENSORTYPES_H

#include "qeff/Support/LLVM.h"

namespace qeff {

inline RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Sizes agree when they are equal or one of them is dynamic.
inline bool agree(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

/// Checks the rank of `value`; the error is `op`'s and calls it `what`.
LogicalResult expectsRank(Operation *op, StringRef what, Value value,
                          int64_t rank);

/// Checks that axis `axis` of `value` may have `size`.
LogicalResult expectsSize(Operation *op, StringRef what, Value value,
                          int64_t axis, int64_t size);

} // namespace qeff

#endif // QEFF_LIB_DIALECT_QEFF_IR_TENSORTYPES_H
