// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Remarks of raising: what was recognized, what was not and why. Each kind has
// an id that stays.
#ifndef QEFF_LIB_RAISE_REMARKS_H
#define QEFF_LIB_RAISE_REMARKS_H

#include "qeff/Support/LLVM.h"

namespace qeff {

enum class RemarkId {
  AttentionNotRaised, ///< attention-not-raised
  PackedSequence,     ///< packed-sequence
};

/// `op` was not recognized as what it might be: a missed-optimization remark
/// with the op's scope, name and reason.
void emitMissed(Operation *op, RemarkId id, const Twine &why);

/// Something about `op` that should be known: an analysis remark.
void emitNote(Operation *op, RemarkId id, const Twine &what);

} // namespace qeff

#endif // QEFF_LIB_RAISE_REMARKS_H
