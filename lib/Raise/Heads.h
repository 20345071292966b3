// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the channels of attention's heads come from.
#ifndef QEFF_LIB_RAISE_HEADS_H
#define QEFF_LIB_RAISE_HEADS_H

#include "qeff/Analysis/Elements.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"

namespace qeff {

/// The rotation of the first `2 * frequencies.size()` channels of a head by the
/// position. The position is an element of `positions` [B, S] (or [1, S]), or
/// the index in the row where that is null.
struct Rotation {
  RopeStyle style = RopeStyle::Half;
  SmallVector<double> frequencies;
  Value positions;
  /// Factor of rotated channels, beside that of all.
  double factor = 1;
};

/// Channel d of head h at (b, s) is factor·source[b, s, columns[h·size + d]],
/// rotated where there is a rotation. Where `headAxis` is not 0 the source has
/// an axis of heads there, [B, S, H, size] or [B, H, S, size], and columns count
/// its heads and channels; with `flatHeads` = H that axis is one with the
/// positions, [B, S·H, size].
struct Heads {
  Value source;
  size_t headAxis = 0;
  int64_t flatHeads = 0;
  int64_t count = 0; ///< distinct heads
  int64_t size = 0;  ///< channels of one
  SmallVector<int64_t> columns;
  double factor = 1;
  std::optional<Rotation> rotation;
};

/// An element of heads: (h, d) to the expression at (b, s).
using HeadElementFn = llvm::function_ref<Expr(int64_t head, int64_t channel)>;

/// Recognizes `count` heads of `size` channels. `row` and `position` are the
/// indices b and s of the expressions. `why` says what was not recognized.
std::optional<Heads> matchHeads(Elements &elements, int64_t count, int64_t size,
                                Expr row, Expr position,
                                HeadElementFn getElement, std::string &why);

/// Drops heads that repeat the one before them: `count` becomes the number of
/// groups. `repeat` is how many heads share one.
void foldRepeatedHeads(Heads &heads, int64_t &repeat);

} // namespace qeff

#endif // QEFF_LIB_RAISE_HEADS_H
