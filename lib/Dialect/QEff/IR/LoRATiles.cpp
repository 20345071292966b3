// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// StreamableOpInterface of `qeff.lora_merge`.

#include "TensorTypes.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Weights/Convert.h"

#include <cmath>
#include <vector>

using namespace qeff;

static FloatKind getFloatKind(Type type) {
  return type.isF32()   ? FloatKind::F32
         : type.isF16() ? FloatKind::F16
                        : FloatKind::BF16;
}

/// The tile's elements in f32.
static std::vector<float> widen(const ConstTileBuffer &buffer) {
  std::vector<float> values(buffer.tile.numElements());
  convertElements(getFloatKind(buffer.elementType), buffer.data, FloatKind::F32,
                  values.data(), values.size());
  return values;
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

LogicalResult LoRAMergeOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                       TileBuffer result) {
  std::vector<float> weight = widen(operands[0]);
  std::vector<float> a = widen(operands[1]);
  std::vector<float> b = widen(operands[2]);
  int64_t rows = operands[0].tile.sizes[0];
  int64_t columns = operands[0].tile.sizes[1];
  int64_t rank = operands[1].tile.sizes[0];
  auto scaling = static_cast<float>(getScaling().convertToDouble());
  std::vector<float> delta(columns);
  for (int64_t n = 0; n < rows; ++n) {
    std::fill(delta.begin(), delta.end(), 0.0f);
    for (int64_t r = 0; r < rank; ++r) {
      float factor = b[n * rank + r];
      for (int64_t k = 0; k < columns; ++k) {
        delta[k] += factor * a[r * columns + k];
      }
    }
    float *row = &weight[n * columns];
    for (int64_t k = 0; k < columns; ++k) {
      row[k] += scaling * delta[k];
    }
  }
  if (getMagnitude()) {
    std::vector<float> magnitude = widen(operands[3]);
    for (int64_t n = 0; n < rows; ++n) {
      float *row = &weight[n * columns];
      double squares = 0;
      for (int64_t k = 0; k < columns; ++k) {
        squares += static_cast<double>(row[k]) * row[k];
      }
      auto factor = static_cast<float>(magnitude[n] / std::sqrt(squares));
      for (int64_t k = 0; k < columns; ++k) {
        row[k] *= factor;
      }
    }
  }
  int64_t first = result.tile.offsets[1] - operands[0].tile.offsets[1];
  int64_t width = result.tile.sizes[1];
  FloatKind kind = getFloatKind(result.elementType);
  int64_t bytes = result.elementType.getIntOrFloatBitWidth() / 8;
  for (int64_t n = 0; n < rows; ++n) {
    convertElements(FloatKind::F32, &weight[n * columns + first], kind,
                    static_cast<char *>(result.data) + n * width * bytes,
                    width);
  }
  return success();
}
