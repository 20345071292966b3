// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the verifiers of the ops ask of tensor types.

#include "TensorTypes.h"

using namespace qeff;

LogicalResult qeff::expectsRank(Operation *op, StringRef what, Value value,
                                int64_t rank) {
  RankedTensorType type = getTensorType(value);
  if (type.getRank() == rank) {
    return success();
  }
  return op->emitOpError("expects ")
         << what << " of rank " << rank << ", got " << type;
}

LogicalResult qeff::expectsSize(Operation *op, StringRef what, Value value,
                                int64_t axis, int64_t size) {
  RankedTensorType type = getTensorType(value);
  if (agree(type.getDimSize(axis), size)) {
    return success();
  }
  return op->emitOpError("expects ") << what << " of size " << size
                                     << " on axis " << axis << ", got " << type;
}
