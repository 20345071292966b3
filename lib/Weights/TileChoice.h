// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tiles a value is computed in.
#ifndef QEFF_LIB_WEIGHTS_TILECHOICE_H
#define QEFF_LIB_WEIGHTS_TILECHOICE_H

#include "Expression.h"

#include <map>

namespace qeff {

/// Bytes of all buffers that computing `tile` takes, its own included.
int64_t getTileMemory(const ExpressionNode *node, const Tile &tile);

/// The memory that `tile` may take: `budget`, or more where already its first
/// element takes about that, because it needs whole rows of an operand.
int64_t getTileLimit(const ExpressionNode *node, const Tile &tile,
                     int64_t budget);

/// Chooses tile sizes by what tiles cost: bytes and runs read, bytes computed,
/// runs written. Remembers the choice for expressions of the same form.
class TileChooser {
public:
  /// Tiles take at most `memoryLimit` bytes where that is possible at all.
  explicit TileChooser(int64_t memoryLimit) : memoryLimit(memoryLimit) {}

  /// Sizes per axis for writing `node` to a file; the last tile of an axis may
  /// be smaller.
  SmallVector<int64_t, 4> choose(const ExpressionNode *node);

  /// Sizes of tiles that follow one another in row-major order.
  SmallVector<int64_t, 4> chooseSequential(const ExpressionNode *node);

private:
  int64_t memoryLimit;
  std::map<std::vector<const void *>, SmallVector<int64_t, 4>> known;
};

} // namespace qeff

#endif // QEFF_LIB_WEIGHTS_TILECHOICE_H
