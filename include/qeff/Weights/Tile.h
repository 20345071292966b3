// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rectangular pieces of weights, the currency of StreamableOpInterface.
#ifndef QEFF_WEIGHTS_TILE_H
#define QEFF_WEIGHTS_TILE_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// The index range offsets[k] <= i_k < offsets[k] + sizes[k] of a tensor.
struct Tile {
  SmallVector<int64_t, 4> offsets;
  SmallVector<int64_t, 4> sizes;

  int64_t rank() const { return static_cast<int64_t>(sizes.size()); }

  int64_t numElements() const {
    int64_t n = 1;
    for (int64_t size : sizes) {
      n *= size;
    }
    return n;
  }

  bool operator==(const Tile &other) const {
    return offsets == other.offsets && sizes == other.sizes;
  }
};

/// A tile's elements, dense and row-major over the tile, in the element type's
/// natural little-endian representation.
struct ConstTileBuffer {
  Tile tile;
  Type elementType;
  const void *data = nullptr;
};

struct TileBuffer {
  Tile tile;
  Type elementType;
  void *data = nullptr;
};

} // namespace qeff

#endif // QEFF_WEIGHTS_TILE_H
