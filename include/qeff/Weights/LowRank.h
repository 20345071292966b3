// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adds a low-rank product to a matrix. Gives the same bits on every CPU: the
// vector instructions that are used round as the portable code does.
#ifndef QEFF_WEIGHTS_LOWRANK_H
#define QEFF_WEIGHTS_LOWRANK_H

#include "qeff/Weights/Convert.h"

namespace qeff {

/// scaling·b·a, a [rank, columns] and b [rows, rank], dense and row-major.
struct LowRankProduct {
  const float *a;
  const float *b;
  int64_t rows;
  int64_t columns;
  int64_t rank;
  float scaling;
};

/// result[n, k] = weight[n, k] + scaling·Σ_r b[n, r]·a[r, k], of `kind`,
/// [rows, columns], dense and row-major; computed in f32, rounded to `kind`
/// once. The sum begins with 0; its terms, r ascending, and at last the weight
/// are added by fused multiply-adds. `result` may be `weight`.
void addLowRank(FloatKind kind, const void *weight,
                const LowRankProduct &product, void *result);

} // namespace qeff

#endif // QEFF_WEIGHTS_LOWRANK_H
