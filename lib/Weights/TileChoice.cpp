// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tile sizes by cost. Sizes are tried per axis among the powers of two and the
// divisors of the axis (whole heads, whole panels); a tile at the origin stands
// for all of its size.

#include "TileChoice.h"

#include <algorithm>
#include <limits>

using namespace qeff;

namespace {
// Seconds, roughly, of a current server core on a file in memory; only their
// ratios matter.
constexpr double kTileSeconds = 3e-6;
constexpr double kReadRunSeconds = 0.4e-6;
constexpr double kWriteRunSeconds = 0.8e-6;
constexpr double kReadByteSeconds = 1.0 / 6e9;
constexpr double kComputedByteSeconds = 1.0 / 8e9;
/// Beyond this much memory a tile's buffers leave the second-level cache.
constexpr int64_t kCacheBytes = int64_t(1) << 20;
constexpr double kUncachedFactor = 1.5;
/// Axes from the innermost that are cut anywhere; the others are taken whole or
/// one index at a time.
constexpr int64_t kFreeAxes = 3;
} // namespace

int64_t qeff::getTileMemory(const ExpressionNode *node, const Tile &tile) {
  return node->getTileBytes(tile) + measureTile(node, tile).scratchBytes;
}

int64_t qeff::getTileLimit(const ExpressionNode *node, const Tile &tile,
                           int64_t budget) {
  Tile first = tile;
  for (int64_t &size : first.sizes) {
    size = std::min<int64_t>(size, 1);
  }
  int64_t least = getTileMemory(node, first);
  return std::max(budget, least + least / 4);
}

static SmallVector<int64_t> getCandidates(int64_t size, bool isFree) {
  SmallVector<int64_t> candidates = {1, size};
  if (isFree) {
    for (int64_t power = 2; power < size; power *= 2) {
      candidates.push_back(power);
    }
    // Divisors up to a bound: huge axes are cut by powers of two.
    constexpr int64_t kMaxDivisor = 4096;
    for (int64_t d = 2; d <= std::min(kMaxDivisor, size / 2); ++d) {
      if (size % d == 0) {
        candidates.push_back(d);
      }
    }
  }
  llvm::sort(candidates);
  candidates.erase(llvm::unique(candidates), candidates.end());
  return candidates;
}

static double getSecondsPerElement(const ExpressionNode *node,
                                   const Tile &tile, const TileCost &cost,
                                   int64_t memory) {
  double bytes =
      static_cast<double>(cost.computedBytes) * kComputedByteSeconds +
      static_cast<double>(cost.readBytes) * kReadByteSeconds;
  if (memory > kCacheBytes) {
    bytes *= kUncachedFactor;
  }
  double seconds =
      kTileSeconds + bytes +
      static_cast<double>(cost.readRuns) * kReadRunSeconds +
      static_cast<double>(countRuns(node->getShape(), tile)) *
          kWriteRunSeconds;
  return seconds / static_cast<double>(tile.numElements());
}

namespace {
/// Tries every combination of candidate sizes within the memory limit.
class Search {
public:
  Search(const ExpressionNode *node, int64_t memoryLimit)
      : node(node) {
    int64_t rank = node->type.getRank();
    tile.offsets.assign(rank, 0);
    tile.sizes.assign(rank, 1);
    this->memoryLimit = getTileLimit(node, tile, memoryLimit);
    best.assign(rank, 1);
    for (auto [axis, size] : llvm::enumerate(node->getShape())) {
      candidates.push_back(getCandidates(
          size, static_cast<int64_t>(axis) >= rank - kFreeAxes));
    }
  }

  SmallVector<int64_t, 4> run() {
    tryAxis(0);
    return best;
  }

private:
  void tryAxis(int64_t axis) {
    if (axis == tile.rank()) {
      tryTile();
      return;
    }
    for (int64_t size : candidates[axis]) {
      tile.sizes[axis] = size;
      if (node->getTileBytes(tile) > memoryLimit) {
        break;
      }
      tryAxis(axis + 1);
    }
    tile.sizes[axis] = 1;
  }

  void tryTile() {
    TileCost cost = measureTile(node, tile);
    int64_t memory = node->getTileBytes(tile) + cost.scratchBytes;
    if (memory > memoryLimit) {
      return;
    }
    double seconds = getSecondsPerElement(node, tile, cost, memory);
    if (seconds < bestSeconds) {
      bestSeconds = seconds;
      best = tile.sizes;
    }
  }

  const ExpressionNode *node;
  int64_t memoryLimit;
  SmallVector<SmallVector<int64_t>, 4> candidates;
  Tile tile;
  SmallVector<int64_t, 4> best;
  double bestSeconds = std::numeric_limits<double>::infinity();
};
} // namespace

/// What the cost of an expression's tiles depends on.
static void appendForm(const ExpressionNode *node,
                       std::vector<const void *> &form) {
  form.push_back(node->type.getAsOpaquePointer());
  form.push_back(reinterpret_cast<const void *>(
      static_cast<intptr_t>(node->kind) * 16 +
      (node->encoding ? static_cast<intptr_t>(*node->encoding) + 1 : 0)));
  if (node->kind != ExpressionNode::Kind::Op) {
    return;
  }
  StreamableOpInterface op = node->op;
  form.push_back(op->getName().getAsOpaquePointer());
  form.push_back(op->getDiscardableAttrDictionary().getAsOpaquePointer());
  form.push_back(op->getPropertiesAsAttribute().getAsOpaquePointer());
  form.push_back(reinterpret_cast<const void *>(node->operands.size()));
  for (const ExpressionNode *operand : node->operands) {
    appendForm(operand, form);
  }
}

SmallVector<int64_t, 4> TileChooser::choose(const ExpressionNode *node) {
  std::vector<const void *> form;
  appendForm(node, form);
  auto [entry, isNew] = known.try_emplace(std::move(form));
  if (isNew) {
    entry->second = Search(node, memoryLimit).run();
  }
  return entry->second;
}

SmallVector<int64_t, 4>
TileChooser::chooseSequential(const ExpressionNode *node) {
  int64_t rank = node->type.getRank();
  Tile tile;
  tile.offsets.assign(rank, 0);
  tile.sizes.assign(rank, 1);
  int64_t limit = getTileLimit(node, tile, memoryLimit);
  auto fits = [&] { return getTileMemory(node, tile) <= limit; };
  for (int64_t axis = rank - 1; axis >= 0; --axis) {
    int64_t size = node->getShape()[axis];
    tile.sizes[axis] = size;
    while (tile.sizes[axis] > 1 && !fits()) {
      tile.sizes[axis] = llvm::divideCeil(tile.sizes[axis], int64_t(2));
    }
    if (tile.sizes[axis] != size) {
      break;
    }
  }
  return tile.sizes;
}
