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

std::optional<unsigned> LoRAMergeOp::getInPlaceOperand(const Tile &tile) {
  return getMagnitude() ? std::nullopt : std::optional<unsigned>(0);
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

/// Some rows of the weight at a time: all columns are there, `result` takes some
/// of them.
static void computeWithMagnitude(const ConstTileBuffer &weight,
                                 LowRankProduct product,
                                 const float *magnitude, TileBuffer result) {
  constexpr int64_t kRows = 16;
  FloatKind kind = getFloatKind(result.elementType);
  int64_t bytes = getFloatBytes(kind);
  int64_t columns = product.columns;
  int64_t width = result.tile.sizes[1];
  int64_t first = result.tile.offsets[1] - weight.tile.offsets[1];
  const auto *source = static_cast<const char *>(weight.data);
  auto *target = static_cast<char *>(result.data);
  std::vector<float> values(std::min(kRows, product.rows) * columns);
  for (int64_t left = product.rows; left > 0; left -= kRows) {
    product.rows = std::min(kRows, left);
    int64_t count = product.rows * columns;
    convertElements(kind, source, FloatKind::F32, values.data(), count);
    addLowRank(FloatKind::F32, values.data(), product, values.data());
    for (int64_t n = 0; n < product.rows; ++n) {
      MutableArrayRef<float> row(&values[n * columns], columns);
      setLength(row, *magnitude++);
      convertElements(FloatKind::F32, &row[first], kind, target, width);
      target += width * bytes;
    }
    source += count * bytes;
    product.b += kRows * product.rank;
  }
}

LogicalResult LoRAMergeOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                       TileBuffer result) {
  std::vector<float> wideA, wideB, wideMagnitude;
  LowRankProduct product;
  product.a = widen(operands[1], wideA);
  product.b = widen(operands[2], wideB);
  product.rows = operands[0].tile.sizes[0];
  product.columns = operands[0].tile.sizes[1];
  product.rank = operands[1].tile.sizes[0];
  product.scaling = static_cast<float>(getScaling().convertToDouble());
  if (getMagnitude()) {
    computeWithMagnitude(operands[0], product,
                         widen(operands[3], wideMagnitude), result);
  } else {
    addLowRank(getFloatKind(result.elementType), operands[0].data, product,
               result.data);
  }
  return success();
}
