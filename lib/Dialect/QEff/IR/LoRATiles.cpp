// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// StreamableOpInterface of `qeff.lora_merge`.

#include "TensorTypes.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Weights/LowRank.h"

#include <cmath>
#include <vector>

using namespace qeff;

static FloatKind getFloatKind(Type type) {
  return type.isF32()   ? FloatKind::F32
         : type.isF16() ? FloatKind::F16
                        : FloatKind::BF16;
}

/// The tile's elements in f32: the buffer's own, or converted to `values`.
static const float *widen(const ConstTileBuffer &buffer,
                          std::vector<float> &values) {
  if (buffer.elementType.isF32()) {
    return static_cast<const float *>(buffer.data);
  }
  values.resize(buffer.tile.numElements());
  convertElements(getFloatKind(buffer.elementType), buffer.data, FloatKind::F32,
                  values.data(), buffer.tile.numElements());
  return values.data();
}

Tile LoRAMergeOp::getOperandTile(unsigned index, const Tile &tile) {
  int64_t rank = getTensorType(getA()).getDimSize(0);
  int64_t columns = getTensorType(getA()).getDimSize(1);
  // A row's length needs all of the row.
  bool wholeRows = static_cast<bool>(getMagnitude());
  int64_t firstColumn = wholeRows ? 0 : tile.offsets[1];
  int64_t numColumns = wholeRows ? columns : tile.sizes[1];
  switch (index) {
  case 0:
    return {{tile.offsets[0], firstColumn}, {tile.sizes[0], numColumns}};
  case 1:
    return {{0, firstColumn}, {rank, numColumns}};
  case 2:
    return {{tile.offsets[0], 0}, {tile.sizes[0], rank}};
  default:
    return {{tile.offsets[0]}, {tile.sizes[0]}};
  }
}

/// Scales the row to the length `magnitude`.
static void setLength(MutableArrayRef<float> row, float magnitude) {
  double squares = 0;
  for (float value : row) {
    squares += static_cast<double>(value) * value;
  }
  auto factor = static_cast<float>(magnitude / std::sqrt(squares));
  for (float &value : row) {
    value *= factor;
  }
}

LogicalResult LoRAMergeOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                       TileBuffer result) {
  std::vector<float> wideA, wideB;
  LowRankProduct product = {
      widen(operands[1], wideA),      widen(operands[2], wideB),
      operands[0].tile.sizes[0],      operands[0].tile.sizes[1],
      operands[1].tile.sizes[0],
      static_cast<float>(getScaling().convertToDouble())};
  FloatKind kind = getFloatKind(result.elementType);
  if (!getMagnitude()) {
    addLowRank(kind, operands[0].data, product, result.data);
    return success();
  }
  // Row by row: all columns are there, the result wants some of them.
  std::vector<float> wideMagnitude;
  const float *magnitude = widen(operands[3], wideMagnitude);
  std::vector<float> row(product.columns);
  int64_t bytes = getFloatBytes(kind);
  int64_t first = result.tile.offsets[1] - operands[0].tile.offsets[1];
  int64_t width = result.tile.sizes[1];
  int64_t rows = product.rows;
  product.rows = 1;
  for (int64_t n = 0; n < rows; ++n) {
    convertElements(kind,
                    static_cast<const char *>(operands[0].data) +
                        n * product.columns * bytes,
                    FloatKind::F32, row.data(), product.columns);
    addLowRank(FloatKind::F32, row.data(), product, row.data());
    setLength(row, magnitude[n]);
    convertElements(FloatKind::F32, &row[first], kind,
                    static_cast<char *>(result.data) + n * width * bytes,
                    width);
    product.b += product.rank;
  }
  return success();
}
