// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Some rows of a weight, lazily.
#ifndef QEFF_DIALECT_QEFF_IR_WEIGHTROWS_H
#define QEFF_DIALECT_QEFF_IR_WEIGHTROWS_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// The rows `rows`, at least one and each below N, of a weight [N] or [N, K], as
/// slices, reshapes and concatenations.
Value selectRows(OpBuilder &builder, Location loc, Value weight,
                 ArrayRef<int64_t> rows);

} // namespace qeff

#endif // QEFF_DIALECT_QEFF_IR_WEIGHTROWS_H
