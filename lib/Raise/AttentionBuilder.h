// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention that was recognized, built as ops.
#ifndef QEFF_LIB_RAISE_ATTENTIONBUILDER_H
#define QEFF_LIB_RAISE_ATTENTIONBUILDER_H

#include "Heads.h"
#include "Scores.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff {

struct AttentionMatch {
  Scores scores;
  Heads queries, keys, values;
  /// Query heads that share one of the keys'.
  int64_t repeat = 1;
};

/// Folds factors into the scale and repeated heads into groups; nothing, and
/// `why`, where keys and values do not fit each other.
std::optional<AttentionMatch> finishMatch(AttentionMatch match,
                                          std::string &why);

/// Builds `match` before `product`, whose only result it replaces, and also the
/// merged heads [B, S, H·D] where they are computed of it.
LogicalResult buildAttention(Elements &elements, mlir::func::FuncOp function,
                             Operation *product, const AttentionMatch &match,
                             std::string &why);

} // namespace qeff

#endif // QEFF_LIB_RAISE_ATTENTIONBUILDER_H
