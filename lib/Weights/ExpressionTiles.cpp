// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The computation of one tile of an expression, and what it costs.

#include "Expression.h"

#include "qeff/Dialect/QEff/IR/BlockFormat.h"
#include "qeff/Weights/Convert.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace qeff;

namespace {
/// Elements of a chunk that goes through a chain of elementwise ops: two
/// buffers of f32 stay in the first-level cache.
constexpr int64_t kChunkElements = 2048;
/// Blocks that are read and decoded at once.
constexpr int64_t kChunkBlocks = 256;
constexpr size_t kAlignment = 64;
} // namespace

//===----------------------------------------------------------------------===//
// ScratchStack
//===----------------------------------------------------------------------===//

ScratchStack::~ScratchStack() { release(0); }

void ScratchStack::release(size_t from) {
  for (size_t i = from; i < buffers.size(); ++i) {
    std::free(buffers[i].data);
    total -= buffers[i].size;
    buffers[i] = {};
  }
}

void *ScratchStack::push(int64_t size) {
  if (depth == buffers.size()) {
    buffers.emplace_back();
  }
  Buffer &buffer = buffers[depth];
  if (buffer.size < size) {
    std::free(buffer.data);
    total -= buffer.size;
    buffer = {};
    if (total + size > budget) {
      release(depth + 1);
    }
    int64_t rounded = static_cast<int64_t>(llvm::alignTo(size, kAlignment));
    buffer.data = std::aligned_alloc(kAlignment, rounded);
    if (!buffer.data) {
      return nullptr;
    }
    buffer.size = rounded;
    total += rounded;
  }
  ++depth;
  return buffer.data;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

/// The innermost axis that is not covered whole, or 0: runs extend over it and
/// the axes after it.
static int64_t getRunAxis(ArrayRef<int64_t> shape, const Tile &tile) {
  int64_t axis = tile.rank() - 1;
  while (axis > 0 && tile.sizes[axis] == shape[axis]) {
    --axis;
  }
  return std::max<int64_t>(axis, 0);
}

int64_t qeff::countRuns(ArrayRef<int64_t> shape, const Tile &tile) {
  int64_t runs = tile.numElements() == 0 ? 0 : 1;
  for (int64_t k = 0; k < getRunAxis(shape, tile); ++k) {
    runs *= tile.sizes[k];
  }
  return runs;
}

LogicalResult qeff::forEachRun(
    ArrayRef<int64_t> shape, const Tile &tile,
    llvm::function_ref<LogicalResult(int64_t, int64_t, int64_t)> visit) {
  int64_t elements = tile.numElements();
  if (elements == 0) {
    return success();
  }
  int64_t axis = getRunAxis(shape, tile);
  SmallVector<int64_t, 8> strides(tile.rank(), 1);
  for (int64_t k = tile.rank() - 2; k >= 0; --k) {
    strides[k] = strides[k + 1] * shape[k + 1];
  }
  int64_t first = 0;
  int64_t count = elements;
  for (int64_t k = 0; k < tile.rank(); ++k) {
    first += tile.offsets[k] * strides[k];
    count /= k < axis ? tile.sizes[k] : 1;
  }
  SmallVector<int64_t, 8> index(axis, 0);
  for (int64_t position = 0; position < elements; position += count) {
    if (failed(visit(first, position, count))) {
      return failure();
    }
    for (int64_t k = axis - 1; k >= 0; --k) {
      first += strides[k];
      if (++index[k] < tile.sizes[k]) {
        break;
      }
      first -= tile.sizes[k] * strides[k];
      index[k] = 0;
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Forwarding and cost
//===----------------------------------------------------------------------===//

std::pair<const ExpressionNode *, Tile>
qeff::resolveForwarded(const ExpressionNode *node, Tile tile) {
  while (node->kind == ExpressionNode::Kind::Op && node->chain.empty()) {
    StreamableOpInterface op = node->op;
    std::optional<unsigned> operand = op.getForwardedOperand(tile);
    if (!operand) {
      break;
    }
    tile = op.getOperandTile(*operand, tile);
    node = node->operands[*operand];
  }
  return {node, std::move(tile)};
}

/// A tile of an encoded weight in blocks instead of elements of the last axis.
static Tile toBlocks(const Tile &tile) {
  Tile blocks = tile;
  int64_t &offset = blocks.offsets.back();
  int64_t &size = blocks.sizes.back();
  int64_t end = llvm::divideCeil(offset + size, kBlockLength);
  offset /= kBlockLength;
  size = end - offset;
  return blocks;
}

static SmallVector<int64_t> toBlockShape(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> blocks(shape);
  blocks.back() /= kBlockLength;
  return blocks;
}

/// The operand of `node` that is computed in the buffer of `tile`.
static std::optional<unsigned> getInPlaceOperand(const ExpressionNode &node,
                                                 const Tile &tile) {
  StreamableOpInterface op = node.op;
  return node.chain.empty() ? op.getInPlaceOperand(tile) : std::nullopt;
}

TileCost qeff::measureTile(const ExpressionNode *root, const Tile &rootTile) {
  auto [node, tile] = resolveForwarded(root, rootTile);
  TileCost cost;
  if (tile.numElements() == 0 ||
      node->kind == ExpressionNode::Kind::Constant) {
    return cost;
  }
  if (node->kind == ExpressionNode::Kind::Stored) {
    if (!node->encoding) {
      cost.readBytes = node->getTileBytes(tile);
      cost.readRuns = countRuns(node->getShape(), tile);
      return cost;
    }
    Tile blocks = toBlocks(tile);
    cost.readBytes = blocks.numElements() * getBlockBytes(*node->encoding);
    cost.readRuns = countRuns(toBlockShape(node->getShape()), blocks);
    cost.computedBytes = node->getTileBytes(tile);
    return cost;
  }
  cost.computedBytes = node->getTileBytes(tile);
  int64_t held = 0;
  StreamableOpInterface op = node->op;
  for (auto [index, operand] : llvm::enumerate(node->operands)) {
    Tile operandTile =
        node->chain.empty() ? op.getOperandTile(index, tile) : tile;
    if (getInPlaceOperand(*node, tile) != index) {
      held += operand->getTileBytes(operandTile);
    }
    TileCost inner = measureTile(operand, operandTile);
    cost.scratchBytes =
        std::max(cost.scratchBytes, held + inner.scratchBytes);
    cost.readBytes += inner.readBytes;
    cost.readRuns += inner.readRuns;
    cost.computedBytes += inner.computedBytes;
  }
  cost.scratchBytes = std::max(cost.scratchBytes, held);
  return cost;
}

//===----------------------------------------------------------------------===//
// Computation
//===----------------------------------------------------------------------===//

static std::string describe(StreamableOpInterface op) {
  return "cannot compute a tile of '" +
         op->getName().getStringRef().str() + "'";
}

/// Decodes the elements [skip, skip + count) of the blocks at `offset`.
static LogicalResult decodeRun(const ExpressionNode &node, int64_t offset,
                               int64_t skip, int64_t count, char *target,
                               std::string &error) {
  int64_t blockBytes = getBlockBytes(*node.encoding);
  Type type = node.type.getElementType();
  FloatKind kind = type.isF32()   ? FloatKind::F32
                   : type.isF16() ? FloatKind::F16
                                  : FloatKind::BF16;
  int64_t blocks = llvm::divideCeil(skip + count, kBlockLength);
  std::vector<char> encoded(std::min(blocks, kChunkBlocks) * blockBytes);
  std::vector<float> decoded(std::min(blocks, kChunkBlocks) * kBlockLength);
  for (int64_t block = 0; block < blocks; block += kChunkBlocks) {
    int64_t chunk = std::min(kChunkBlocks, blocks - block);
    if (failed(readExactly(*node.file, encoded.data(), chunk * blockBytes,
                           offset + block * blockBytes, error))) {
      return failure();
    }
    decodeBlocks(*node.encoding, encoded.data(), decoded.data(), chunk);
    int64_t elements = std::min(chunk * kBlockLength - skip, count);
    convertElements(FloatKind::F32, decoded.data() + skip, kind, target,
                    elements);
    target += elements * node.elementBytes;
    count -= elements;
    skip = 0;
  }
  return success();
}

static LogicalResult readStored(const ExpressionNode &node, const Tile &tile,
                                char *target, std::string &error) {
  if (!node.encoding) {
    return forEachRun(
        node.getShape(), tile,
        [&](int64_t first, int64_t position, int64_t count) {
          return readExactly(*node.file, target + position * node.elementBytes,
                             count * node.elementBytes,
                             node.offset + first * node.elementBytes, error);
        });
  }
  int64_t blockBytes = getBlockBytes(*node.encoding);
  int64_t skip = tile.offsets.back() % kBlockLength;
  int64_t width = tile.sizes.back();
  int64_t blockWidth = toBlocks(tile).sizes.back();
  bool wholeBlocks = width == blockWidth * kBlockLength;
  return forEachRun(
      toBlockShape(node.getShape()), toBlocks(tile),
      [&](int64_t first, int64_t position, int64_t count) -> LogicalResult {
        int64_t offset = node.offset + first * blockBytes;
        int64_t row = position / blockWidth;
        int64_t rows = count / blockWidth;
        if (wholeBlocks) {
          return decodeRun(node, offset, 0, rows * width,
                           target + row * width * node.elementBytes, error);
        }
        for (int64_t i = 0; i < rows; ++i) {
          if (failed(decodeRun(node, offset + i * blockWidth * blockBytes, skip,
                               width,
                               target + (row + i) * width * node.elementBytes,
                               error))) {
            return failure();
          }
        }
        return success();
      });
}

static void readConstant(const ExpressionNode &node, const Tile &tile,
                         char *target) {
  int64_t bytes = node.elementBytes;
  if (node.isSplat) {
    for (int64_t i = 0; i < tile.numElements(); ++i) {
      std::memcpy(target + i * bytes, node.data.data(), bytes);
    }
    return;
  }
  (void)forEachRun(node.getShape(), tile,
                   [&](int64_t first, int64_t position, int64_t count) {
                     std::memcpy(target + position * bytes,
                                 node.data.data() + first * bytes,
                                 count * bytes);
                     return success();
                   });
}

/// Runs a chain of elementwise ops over a buffer, chunk by chunk.
static LogicalResult computeChain(const ExpressionNode &node, int64_t elements,
                                  const char *source, char *target,
                                  std::string &error) {
  alignas(kAlignment) char buffers[2][kChunkElements * kMaxChainElementBytes];
  auto input = cast<RankedTensorType>(node.operands.front()->type);
  for (int64_t begin = 0; begin < elements; begin += kChunkElements) {
    int64_t count = std::min(kChunkElements, elements - begin);
    Tile tile = {{begin}, {count}};
    ConstTileBuffer from = {
        tile, input.getElementType(),
        source + begin * node.operands.front()->elementBytes};
    for (auto [index, op] : llvm::enumerate(node.chain)) {
      StreamableOpInterface step = op;
      auto type = cast<RankedTensorType>(step->getResult(0).getType());
      bool isLast = index + 1 == node.chain.size();
      TileBuffer to = {tile, type.getElementType(),
                       isLast ? target + begin * node.elementBytes
                              : buffers[index % 2]};
      if (failed(step.computeTile(from, to))) {
        error = describe(step);
        return failure();
      }
      from = {tile, to.elementType, to.data};
    }
  }
  return success();
}

static LogicalResult computeOp(const ExpressionNode &node, const Tile &tile,
                               void *target, ScratchStack &scratch,
                               std::string &error) {
  StreamableOpInterface op = node.op;
  SmallVector<ConstTileBuffer, 2> operands;
  unsigned pushed = 0;
  LogicalResult result = success();
  for (auto [index, operand] : llvm::enumerate(node.operands)) {
    Tile operandTile =
        node.chain.empty() ? op.getOperandTile(index, tile) : tile;
    Type type = operand->type.getElementType();
    int64_t bytes = operand->getTileBytes(operandTile);
    if (bytes == 0) {
      operands.push_back({operandTile, type, nullptr});
      continue;
    }
    bool isInPlace = getInPlaceOperand(node, tile) == index;
    void *buffer = isInPlace ? target : scratch.push(bytes);
    if (!buffer) {
      error = "cannot allocate " + std::to_string(bytes) + " bytes";
      result = failure();
      break;
    }
    pushed += isInPlace ? 0 : 1;
    if (failed(computeTile(operand, operandTile, buffer, scratch, error))) {
      result = failure();
      break;
    }
    operands.push_back({operandTile, type, buffer});
  }
  if (succeeded(result) && !node.chain.empty()) {
    result = computeChain(node, tile.numElements(),
                          static_cast<const char *>(operands.front().data),
                          static_cast<char *>(target), error);
  } else if (succeeded(result)) {
    result =
        op.computeTile(operands, {tile, node.type.getElementType(), target});
    if (failed(result)) {
      error = describe(op);
    }
  }
  for (unsigned i = 0; i < pushed; ++i) {
    scratch.pop();
  }
  return result;
}

LogicalResult qeff::computeTile(const ExpressionNode *root,
                                const Tile &rootTile, void *target,
                                ScratchStack &scratch, std::string &error) {
  if (rootTile.numElements() == 0) {
    return success();
  }
  auto [node, tile] = resolveForwarded(root, rootTile);
  switch (node->kind) {
  case ExpressionNode::Kind::Stored:
    return readStored(*node, tile, static_cast<char *>(target), error);
  case ExpressionNode::Kind::Constant:
    readConstant(*node, tile, static_cast<char *>(target));
    return success();
  case ExpressionNode::Kind::Op:
    return computeOp(*node, tile, target, scratch, error);
  }
  return failure();
}
