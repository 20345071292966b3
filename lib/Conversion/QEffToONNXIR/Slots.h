// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slot numbers of a cache and which of them hold nothing yet.
#ifndef QEFF_LIB_CONVERSION_QEFFTOONNXIR_SLOTS_H
#define QEFF_LIB_CONVERSION_QEFFTOONNXIR_SLOTS_H

#include "NodeBuilder.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

namespace qeff {

struct Slots {
  Value count;   // scalar: L
  Value numbers; // [L]: 0, 1, …, L − 1
  Value invalid; // [B, L]: the slot's number is beyond the row's positions
};

/// The nodes behind `op`; the same ones for every user. `positions` is the op's
/// converted operand. Fails where no state has the dim `slots`.
FailureOr<Slots> buildSlots(OpBuilder &builder, CachePositionsOp op,
                            Value positions);

} // namespace qeff

#endif // QEFF_LIB_CONVERSION_QEFFTOONNXIR_SLOTS_H
