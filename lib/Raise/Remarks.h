// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Remarks of raising: what was recognized, what was not and why. Each kind has
// an id that stays.
#ifndef QEFF_LIB_RAISE_REMARKS_H
#define QEFF_LIB_RAISE_REMARKS_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// `op` was recognized: "attention-raised".
void emitAttentionRaised(Operation *op);

/// `op` was not recognized as the attention that it may be:
/// "attention-not-raised".
void emitAttentionMissed(Operation *op, const Twine &why);

/// Constants of `function` are in files that could not be read, because of
/// `error`: "constants-not-read". Nothing where that is empty.
void emitConstantsNotRead(Operation *function, StringRef error);

} // namespace qeff

#endif // QEFF_LIB_RAISE_REMARKS_H
