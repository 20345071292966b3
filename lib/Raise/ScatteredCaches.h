// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Caches with a slot per position, as graphs for AI 100 have them.
#ifndef QEFF_LIB_RAISE_SCATTEREDCACHES_H
#define QEFF_LIB_RAISE_SCATTEREDCACHES_H

#include "qeff/Analysis/Elements.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff {

/// An argument [B, …, slots, D] into which one ScatterND writes rows at their
/// positions: element [b, …, position[b, s]] becomes row [b, …, s]. All of its
/// uses read slots in their order.
struct ScatteredCache {
  BlockArgument argument;
  Operation *scatter;
  /// The argument [B, S] of positions.
  BlockArgument positions;
  /// Each GatherND [B, …, slots read, D] of the result.
  SmallVector<Operation *> reads;
  /// Named dims of slots: of the argument, and of what is read.
  SmallVector<std::string> slotDims;
};

/// The cache that `argument` is, or nothing. In the batch, rows may be those that
/// another argument [B, 1] names.
std::optional<ScatteredCache> matchScatteredCache(Elements &elements,
                                                  BlockArgument argument);

} // namespace qeff

#endif // QEFF_LIB_RAISE_SCATTEREDCACHES_H
