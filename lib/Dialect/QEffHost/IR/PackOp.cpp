// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff_host.pack: panels of a weight, tile by tile.

#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"

using namespace qeff;
using namespace qeff::host;

LogicalResult PackOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  // (C1)
  if (input.getRank() != 2 || result.getRank() != 3 ||
      result.getDimSize(2) < 1 ||
      result.getDimSize(0) !=
          static_cast<int64_t>(
              llvm::divideCeil(input.getDimSize(0), result.getDimSize(2))) ||
      result.getDimSize(1) != input.getDimSize(1) ||
      input.getElementType() != result.getElementType()) {
    return emitOpError("expects an input [N, K] and a result "
                       "[ceil(N / W), K, W] of one element type, got ")
           << input << " and " << result;
  }
  if (!input.getElementType().isIntOrFloat() ||
      !llvm::is_contained({8u, 16u, 32u, 64u},
                          input.getElementTypeBitWidth())) {
    return emitOpError("expects elements of 1, 2, 4 or 8 bytes, got ")
           << input.getElementType();
  }
  return success();
}

/// The rows [first, last) of the input that the panels and lanes of `tile` need.
static std::pair<int64_t, int64_t> getRows(PackOp op, const Tile &tile) {
  int64_t rows = cast<ShapedType>(op.getInput().getType()).getDimSize(0);
  int64_t width = cast<ShapedType>(op.getResult().getType()).getDimSize(2);
  int64_t first = tile.offsets[0] * width + tile.offsets[2];
  int64_t last = (tile.offsets[0] + tile.sizes[0] - 1) * width +
                 tile.offsets[2] + tile.sizes[2];
  return {std::min(first, rows), std::min(last, rows)};
}

Tile PackOp::getOperandTile(unsigned index, const Tile &tile) {
  auto [first, last] = getRows(*this, tile);
  return {{first, tile.offsets[1]}, {last - first, tile.sizes[1]}};
}

/// Transposes the lanes of one panel in blocks of columns that stay in cache.
/// `source` has `lanes` rows of `columns` elements; lanes up to `width` are 0.
template <typename T>
static void packPanel(const T *source, T *result, int64_t lanes,
                      int64_t columns, int64_t width) {
  constexpr int64_t kColumnBlock = 64 / sizeof(T);
  for (int64_t begin = 0; begin < columns; begin += kColumnBlock) {
    int64_t end = std::min(begin + kColumnBlock, columns);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const T *row = source + lane * columns;
      for (int64_t k = begin; k < end; ++k) {
        result[k * width + lane] = row[k];
      }
    }
    for (int64_t k = begin; lanes < width && k < end; ++k) {
      std::fill(result + k * width + lanes, result + (k + 1) * width, T(0));
    }
  }
}

template <typename T>
static void packTile(PackOp op, const ConstTileBuffer &input,
                     TileBuffer result) {
  const Tile &tile = result.tile;
  int64_t width = cast<ShapedType>(op.getResult().getType()).getDimSize(2);
  auto [first, last] = getRows(op, tile);
  int64_t columns = tile.sizes[1];
  for (int64_t panel = 0; panel < tile.sizes[0]; ++panel) {
    int64_t row = (tile.offsets[0] + panel) * width + tile.offsets[2];
    int64_t lanes = std::clamp<int64_t>(last - row, 0, tile.sizes[2]);
    // Where no lane is real the source is not read.
    int64_t offset = lanes > 0 ? (row - first) * columns : 0;
    packPanel(static_cast<const T *>(input.data) + offset,
              static_cast<T *>(result.data) + panel * columns * tile.sizes[2],
              lanes, columns, tile.sizes[2]);
  }
}

LogicalResult PackOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  switch (result.elementType.getIntOrFloatBitWidth()) {
  case 8:
    packTile<uint8_t>(*this, operands[0], result);
    return success();
  case 16:
    packTile<uint16_t>(*this, operands[0], result);
    return success();
  case 32:
    packTile<uint32_t>(*this, operands[0], result);
    return success();
  case 64:
    packTile<uint64_t>(*this, operands[0], result);
    return success();
  default:
    return failure();
  }
}
