// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transposes of dense buffers, blocked so that every cache line of source and
// target is touched once.
#ifndef QEFF_WEIGHTS_TRANSPOSE_H
#define QEFF_WEIGHTS_TRANSPOSE_H

#include <cstdint>

namespace qeff {

/// target[c][r] = source[r][c] for 0 <= r < rows, 0 <= c < columns. Strides are
/// elements between rows; elements have 1, 2, 4 or 8 bytes. The buffers do not
/// overlap and need no alignment.
void transposeMatrix(const void *source, int64_t sourceStride, void *target,
                     int64_t targetStride, int64_t rows, int64_t columns,
                     int64_t elementBytes);

/// Permutes the axes of a dense row-major buffer of `rank` axes: axis k of the
/// target is axis `permutation[k]` of the source, whose sizes are `sizes`.
void transposeTensor(const void *source, const int64_t *sizes,
                     const int64_t *permutation, int64_t rank, void *target,
                     int64_t elementBytes);

} // namespace qeff

#endif // QEFF_WEIGHTS_TRANSPOSE_H
