// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places buffers with known lifetimes in one arena.
#ifndef QEFF_CONVERSION_QEFFTOHOST_ARENAPLANNER_H
#define QEFF_CONVERSION_QEFFTOHOST_ARENAPLANNER_H

#include "qeff/Support/LLVM.h"

namespace qeff::host {

/// Bytes that the states of a session, or the arena of a function, may have:
/// 1 TiB. More is a slip in a length that no machine could run.
inline constexpr int64_t kMaxMemory = int64_t(1) << 40;

/// A buffer of `bytes` that holds data from step `begin` to step `end`, both
/// included.
struct Lifetime {
  int64_t bytes = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

struct ArenaPlan {
  /// Offset of each buffer in bytes, multiples of kAlignment.
  SmallVector<int64_t> offsets;
  /// Size of the arena, a multiple of kAlignment.
  int64_t bytes = 0;
};

/// Gives each buffer an offset so that no two whose lifetimes share a step
/// overlap. Buffers are placed in order of `begin`, each in the smallest gap
/// that it fits; the result depends on the arguments alone. Takes
/// O(n log n) time. Nothing where the sizes add up to more than an int64_t.
std::optional<ArenaPlan> planArena(ArrayRef<Lifetime> lifetimes);

} // namespace qeff::host

#endif // QEFF_CONVERSION_QEFFTOHOST_ARENAPLANNER_H
