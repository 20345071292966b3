// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// StreamableOpInterface of the lazy weight ops.

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Dialect/QEff/IR/Rope.h"
#include "qeff/Weights/Convert.h"
#include "qeff/Weights/Transpose.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace qeff;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static int64_t getElementBytes(Type elementType) {
  return elementType.getIntOrFloatBitWidth() / 8;
}

static std::optional<FloatKind> getFloatKind(Type type) {
  if (type.isF32()) {
    return FloatKind::F32;
  }
  if (type.isF16()) {
    return FloatKind::F16;
  }
  if (type.isBF16()) {
    return FloatKind::BF16;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// transpose
//===----------------------------------------------------------------------===//

Tile TransposeOp::getOperandTile(unsigned, const Tile &tile) {
  Tile operand = tile;
  for (auto [k, axis] : llvm::enumerate(getPermutation())) {
    operand.offsets[axis] = tile.offsets[k];
    operand.sizes[axis] = tile.sizes[k];
  }
  return operand;
}

LogicalResult TransposeOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                       TileBuffer result) {
  const ConstTileBuffer &input = operands.front();
  transposeTensor(input.data, input.tile.sizes.data(), getPermutation().data(),
                  input.tile.rank(), result.data,
                  getElementBytes(result.elementType));
  return success();
}

//===----------------------------------------------------------------------===//
// reshape
//===----------------------------------------------------------------------===//

namespace {
/// Neighbouring axes [inputBegin, inputEnd) and [resultBegin, resultEnd) that
/// hold the same elements.
struct AxisGroup {
  int64_t inputBegin, inputEnd, resultBegin, resultEnd;
};
} // namespace

/// Splits two shapes of one element count into the smallest groups.
static SmallVector<AxisGroup> groupAxes(ArrayRef<int64_t> input,
                                        ArrayRef<int64_t> result) {
  SmallVector<AxisGroup> groups;
  int64_t inputRank = input.size();
  int64_t resultRank = result.size();
  int64_t i = 0;
  int64_t r = 0;
  while (i < inputRank || r < resultRank) {
    AxisGroup group = {i, i, r, r};
    int64_t inputCount = 1;
    int64_t resultCount = 1;
    do {
      bool growInput = r == resultRank ||
                       (i < inputRank && inputCount <= resultCount);
      if (growInput) {
        inputCount *= input[i++];
      } else {
        resultCount *= result[r++];
      }
    } while (inputCount != resultCount && (i < inputRank || r < resultRank));
    group.inputEnd = i;
    group.resultEnd = r;
    groups.push_back(group);
  }
  return groups;
}

/// The smallest tile of the axes of `shape` from `begin` that holds the
/// elements `low` to `high` (counted row-major within the group).
static void coverRange(ArrayRef<int64_t> shape, int64_t begin, int64_t end,
                       int64_t low, int64_t high, Tile &tile) {
  int64_t stride = 1;
  for (int64_t k = begin; k < end; ++k) {
    stride *= shape[k];
  }
  bool split = false;
  for (int64_t k = begin; k < end; ++k) {
    stride /= shape[k];
    int64_t first = split ? 0 : low / stride;
    int64_t last = split ? shape[k] - 1 : high / stride;
    tile.offsets[k] = first;
    tile.sizes[k] = last - first + 1;
    split |= first != last;
    low %= stride;
    high %= stride;
  }
}

Tile ReshapeOp::getOperandTile(unsigned, const Tile &tile) {
  ArrayRef<int64_t> inputShape = getShape(getInput());
  ArrayRef<int64_t> resultShape = getShape(getResult());
  Tile operand;
  operand.offsets.assign(inputShape.size(), 0);
  operand.sizes.assign(inputShape.size(), 0);
  if (tile.numElements() == 0) {
    return operand;
  }
  for (const AxisGroup &group : groupAxes(inputShape, resultShape)) {
    int64_t low = 0;
    int64_t high = 0;
    for (int64_t k = group.resultBegin; k < group.resultEnd; ++k) {
      low = low * resultShape[k] + tile.offsets[k];
      high = high * resultShape[k] + tile.offsets[k] + tile.sizes[k] - 1;
    }
    coverRange(inputShape, group.inputBegin, group.inputEnd, low, high,
               operand);
  }
  return operand;
}

std::optional<unsigned> ReshapeOp::getForwardedOperand(const Tile &tile) {
  // Tiles of the same elements list them in the same, row-major order.
  if (getOperandTile(0, tile).numElements() == tile.numElements()) {
    return 0;
  }
  return std::nullopt;
}

/// Row-major strides of a tile's buffer.
static SmallVector<int64_t> getStrides(ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> strides(sizes.size(), 1);
  for (int64_t k = static_cast<int64_t>(sizes.size()) - 2; k >= 0; --k) {
    strides[k] = strides[k + 1] * sizes[k + 1];
  }
  return strides;
}

/// Advances `index` to the next element of a tile of these sizes.
static bool advance(SmallVectorImpl<int64_t> &index, ArrayRef<int64_t> sizes) {
  for (int64_t k = static_cast<int64_t>(sizes.size()) - 1; k >= 0; --k) {
    if (++index[k] < sizes[k]) {
      return true;
    }
    index[k] = 0;
  }
  return false;
}

LogicalResult ReshapeOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                     TileBuffer result) {
  const ConstTileBuffer &input = operands.front();
  int64_t bytes = getElementBytes(result.elementType);
  const auto *from = static_cast<const char *>(input.data);
  auto *to = static_cast<char *>(result.data);
  int64_t count = result.tile.numElements();
  if (input.tile.numElements() == count) {
    std::memcpy(to, from, count * bytes);
    return success();
  }
  // The operand's tile covers more: pick the elements one by one.
  ArrayRef<int64_t> inputShape = getShape(getInput());
  SmallVector<int64_t> inputStrides = getStrides(inputShape);
  SmallVector<int64_t> resultStrides = getStrides(getShape(getResult()));
  SmallVector<int64_t> tileStrides = getStrides(input.tile.sizes);
  SmallVector<int64_t> index(result.tile.rank(), 0);
  do {
    int64_t linear = 0;
    for (int64_t k = 0; k < result.tile.rank(); ++k) {
      linear += (result.tile.offsets[k] + index[k]) * resultStrides[k];
    }
    int64_t position = 0;
    for (int64_t k = 0; k < input.tile.rank(); ++k) {
      int64_t coordinate = linear / inputStrides[k];
      linear %= inputStrides[k];
      position += (coordinate - input.tile.offsets[k]) * tileStrides[k];
    }
    std::memcpy(to, from + position * bytes, bytes);
    to += bytes;
  } while (advance(index, result.tile.sizes));
  return success();
}

//===----------------------------------------------------------------------===//
// permute_rows
//===----------------------------------------------------------------------===//

/// The input row that becomes `row` of the result, heads of `size` rows.
static int64_t getSourceRow(RowOrder order, int64_t size, int64_t row) {
  int64_t head = row / size * size;
  int64_t within = row % size;
  int64_t half = size / 2;
  if (order == RowOrder::Deinterleave) {
    return head + 2 * (within % half) + within / half;
  }
  return head + within % 2 * half + within / 2;
}

Tile PermuteRowsOp::getOperandTile(unsigned, const Tile &tile) {
  Tile operand = tile;
  if (tile.numElements() == 0) {
    return operand;
  }
  int64_t headSize = getShape(getInput()).front() / getHeads();
  int64_t begin = tile.offsets[0];
  int64_t end = begin + tile.sizes[0];
  // Rows of the first head decide the lower end, rows of the last one the upper.
  int64_t low = std::numeric_limits<int64_t>::max();
  int64_t high = 0;
  int64_t firstEnd = std::min(end, (begin / headSize + 1) * headSize);
  for (int64_t row = begin; row < firstEnd; ++row) {
    low = std::min(low, getSourceRow(getOrder(), headSize, row));
  }
  int64_t lastBegin = std::max(begin, (end - 1) / headSize * headSize);
  for (int64_t row = lastBegin; row < end; ++row) {
    high = std::max(high, getSourceRow(getOrder(), headSize, row));
  }
  operand.offsets[0] = low;
  operand.sizes[0] = high - low + 1;
  return operand;
}

LogicalResult PermuteRowsOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                         TileBuffer result) {
  const ConstTileBuffer &input = operands.front();
  int64_t rows = result.tile.sizes[0];
  if (result.tile.numElements() == 0) {
    return success();
  }
  int64_t rowBytes = result.tile.numElements() / rows *
                     getElementBytes(result.elementType);
  int64_t headSize = getShape(getInput()).front() / getHeads();
  const auto *from = static_cast<const char *>(input.data);
  auto *to = static_cast<char *>(result.data);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t source =
        getSourceRow(getOrder(), headSize, result.tile.offsets[0] + row);
    std::memcpy(to + row * rowBytes,
                from + (source - input.tile.offsets[0]) * rowBytes, rowBytes);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// slice
//===----------------------------------------------------------------------===//

Tile SliceOp::getOperandTile(unsigned, const Tile &tile) {
  Tile operand = tile;
  for (auto [k, offset] : llvm::enumerate(getOffsets())) {
    operand.offsets[k] += offset;
  }
  return operand;
}

std::optional<unsigned> SliceOp::getForwardedOperand(const Tile &) {
  return 0;
}

LogicalResult SliceOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                   TileBuffer result) {
  std::memcpy(result.data, operands.front().data,
              result.tile.numElements() * getElementBytes(result.elementType));
  return success();
}

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

/// Where operand `index` begins on the axis.
static int64_t getConcatOffset(ConcatOp op, unsigned index) {
  int64_t offset = 0;
  for (Value input : op.getInputs().take_front(index)) {
    offset += getShape(input)[op.getAxis()];
  }
  return offset;
}

/// The part of `tile` that lies in the operand of `size` at `base` on `axis`,
/// in that operand's coordinates.
static Tile intersect(const Tile &tile, int64_t axis, int64_t base,
                      int64_t size) {
  Tile part = tile;
  int64_t begin = std::max(tile.offsets[axis], base);
  int64_t end = std::min(tile.offsets[axis] + tile.sizes[axis], base + size);
  part.offsets[axis] = std::clamp<int64_t>(begin - base, 0, size);
  part.sizes[axis] = std::max<int64_t>(end - begin, 0);
  return part;
}

Tile ConcatOp::getOperandTile(unsigned index, const Tile &tile) {
  return intersect(tile, getAxis(), getConcatOffset(*this, index),
                   getShape(getInputs()[index])[getAxis()]);
}

std::optional<unsigned> ConcatOp::getForwardedOperand(const Tile &tile) {
  int64_t axis = getAxis();
  int64_t base = 0;
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    int64_t size = getShape(input)[axis];
    if (tile.offsets[axis] >= base &&
        tile.offsets[axis] + tile.sizes[axis] <= base + size) {
      return static_cast<unsigned>(index);
    }
    base += size;
  }
  return std::nullopt;
}

LogicalResult ConcatOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                    TileBuffer result) {
  int64_t axis = getAxis();
  int64_t outer = 1;
  int64_t inner = getElementBytes(result.elementType);
  for (int64_t k = 0; k < result.tile.rank(); ++k) {
    (k < axis ? outer : inner) *= k == axis ? 1 : result.tile.sizes[k];
  }
  int64_t resultRun = result.tile.sizes[axis] * inner;
  auto *to = static_cast<char *>(result.data);
  for (const ConstTileBuffer &operand : operands) {
    int64_t run = operand.tile.sizes[axis] * inner;
    if (run == 0) {
      continue;
    }
    const auto *from = static_cast<const char *>(operand.data);
    for (int64_t i = 0; i < outer; ++i) {
      std::memcpy(to + i * resultRun, from + i * run, run);
    }
    to += run;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// cast, clip
//===----------------------------------------------------------------------===//

Tile CastOp::getOperandTile(unsigned, const Tile &tile) { return tile; }

bool CastOp::isElementwise() { return true; }

LogicalResult CastOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  std::optional<FloatKind> from = getFloatKind(operands.front().elementType);
  std::optional<FloatKind> to = getFloatKind(result.elementType);
  if (!from || !to) {
    return failure();
  }
  convertElements(*from, operands.front().data, *to, result.data,
                  result.tile.numElements());
  return success();
}

Tile ClipOp::getOperandTile(unsigned, const Tile &tile) { return tile; }

bool ClipOp::isElementwise() { return true; }

LogicalResult ClipOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  std::optional<FloatKind> kind = getFloatKind(result.elementType);
  if (!kind) {
    return failure();
  }
  ClipBounds bounds(*kind, getMin().convertToDouble(),
                    getMax().convertToDouble(), getKeepNegativeInfinity());
  clipElements(bounds, operands.front().data, result.data,
               result.tile.numElements());
  return success();
}

//===----------------------------------------------------------------------===//
// scale, offset
//===----------------------------------------------------------------------===//

/// result[i] = map(operand[i]) in f32; the result's buffer holds no more than
/// its own type, so that other types go through pieces on the stack.
template <typename Map>
static LogicalResult mapTile(const ConstTileBuffer &operand,
                             TileBuffer result, Map map) {
  std::optional<FloatKind> kind = getFloatKind(result.elementType);
  if (!kind) {
    return failure();
  }
  constexpr int64_t kPiece = 256;
  float piece[kPiece];
  int64_t bytes = getFloatBytes(*kind);
  const auto *from = static_cast<const char *>(operand.data);
  auto *to = static_cast<char *>(result.data);
  for (int64_t i = 0, e = result.tile.numElements(); i < e; i += kPiece) {
    int64_t count = std::min(kPiece, e - i);
    convertElements(*kind, from + i * bytes, FloatKind::F32, piece, count);
    std::transform(piece, piece + count, piece, map);
    convertElements(FloatKind::F32, piece, *kind, to + i * bytes, count);
  }
  return success();
}

Tile ScaleOp::getOperandTile(unsigned, const Tile &tile) { return tile; }

bool ScaleOp::isElementwise() { return true; }

LogicalResult ScaleOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                   TileBuffer result) {
  auto factor = static_cast<float>(getFactor().convertToDouble());
  return mapTile(operands.front(), result,
                 [=](float x) { return factor * x; });
}

Tile OffsetOp::getOperandTile(unsigned, const Tile &tile) { return tile; }

bool OffsetOp::isElementwise() { return true; }

LogicalResult OffsetOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                    TileBuffer result) {
  auto value = static_cast<float>(getValue().convertToDouble());
  return mapTile(operands.front(), result, [=](float x) { return x + value; });
}

//===----------------------------------------------------------------------===//
// rope_table
//===----------------------------------------------------------------------===//

Tile RopeTableOp::getOperandTile(unsigned, const Tile &tile) { return tile; }

LogicalResult RopeTableOp::computeTile(ArrayRef<ConstTileBuffer>,
                                       TileBuffer result) {
  ArrayRef<int64_t> shape = getShape(getResult());
  RopeFrequencies rope = computeRopeFrequencies(
      getTheta().convertToDouble(), shape[1], getMaxPosition(),
      getScaling().value_or(RopeScalingAttr()), shape[0]);
  int64_t half = shape[1] / 2;
  auto *to = static_cast<float *>(result.data);
  for (int64_t row = 0; row < result.tile.sizes[0]; ++row) {
    auto position = static_cast<float>(result.tile.offsets[0] + row);
    for (int64_t column = 0; column < result.tile.sizes[1]; ++column) {
      int64_t c = result.tile.offsets[1] + column;
      double angle = position * rope.inverse[c % half];
      auto value =
          static_cast<float>(c < half ? std::cos(angle) : std::sin(angle));
      *to++ = value * rope.attentionFactor;
    }
  }
  return success();
}
