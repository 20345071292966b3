// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The low-rank path beside a linear layer. How much of A and B there is to read
// is known at run time alone: the target's header says the rank, a multiple of
// 8, and that many ranks lie next to each other in memory.
//
// shrink: an element of t is a dot product of contiguous rows, taken in an order
// that depends on K alone. Tile t of a block of rows computes the ranks t, t + 8,
// …, which balances the tiles whatever the rank.
// expand: an element of the result is one accumulator over ascending ranks, then
// base + scaling·accumulator.

#include "KernelBuilder.h"

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;

/// Operand `i` is a target's header: its rank, at most `capacity`.
static Value loadRank(KernelBuilder &b, unsigned i, int64_t capacity) {
  return b.clampToIndex(b.loadScalar(b.arg(i), b.index(0)), capacity);
}

static Value loadScaling(KernelBuilder &b, unsigned i) {
  Value bits = arith::TruncIOp::create(b, b.getI32Type(),
                                       b.loadScalar(b.arg(i), b.index(1)));
  return arith::BitcastOp::create(b, b.getF32Type(), bits);
}

static mlir::MemRefType getHeaderType(OpBuilder &types) {
  return mlir::MemRefType::get({kAlignment / 8}, types.getI64Type());
}

//===----------------------------------------------------------------------===//
// Shrink
//===----------------------------------------------------------------------===//

namespace {
class ShrinkBuilder {
public:
  ShrinkBuilder(KernelBuilder &b, int64_t m, int64_t k, int64_t capacity)
      : b(b), m(m), k(k), capacity(capacity), lanes(b.getLanes()),
        chains(lanes == 16 ? 4 : 2) {}

  /// Rows of x of one tile.
  static constexpr int64_t kRows = 8;

  void build();

private:
  /// Rows of x that share what is read of a.
  static constexpr int64_t kMaxSharing = 4;

  /// t[firstRow + i, rank] for i < rows, in groups.
  void buildRows(Value firstRow, int64_t rows, Value rank);
  void buildDots(Value firstRow, int64_t rows, Value rank);
  /// Adds x[row, i : i + width]·a[rank, i : i + width] to one chain of each row.
  void buildStep(Value firstRow, Value rank, Value i, int64_t width,
                 MutableArrayRef<Value> sums, int64_t stride);

  KernelBuilder &b;
  int64_t m, k, capacity, lanes, chains;
};
} // namespace

void ShrinkBuilder::build() {
  Value rank = loadRank(b, 1, capacity);
  b.forEachTile([&](Value tile) {
    Value block = b.divIndex(tile, kLoRARankStep);
    Value firstRow = b.mulIndex(block, kRows);
    b.loop(b.remIndex(tile, kLoRARankStep), rank, kLoRARankStep,
           [&](Value r) {
             int64_t full = m / kRows, tail = m % kRows;
             if (full == 0 || tail == 0) {
               buildRows(firstRow, full == 0 ? tail : kRows, r);
               return;
             }
             Value isFull = b.compare(arith::CmpIPredicate::ult, block,
                                      b.index(full));
             b.ifThen(isFull, [&] { buildRows(firstRow, kRows, r); },
                      [&] { buildRows(firstRow, tail, r); });
           });
  });
}

void ShrinkBuilder::buildRows(Value firstRow, int64_t rows, Value rank) {
  int64_t groups = llvm::divideCeil(rows, kMaxSharing);
  for (int64_t first = 0; groups > 0; --groups) {
    int64_t size = llvm::divideCeil(rows - first, groups);
    buildDots(b.addIndex(firstRow, first), size, rank);
    first += size;
  }
}

void ShrinkBuilder::buildStep(Value firstRow, Value rank, Value i,
                              int64_t width, MutableArrayRef<Value> sums,
                              int64_t stride) {
  Value a = b.load(b.arg(2), {rank, i}, width);
  for (int64_t row = 0; row * stride < static_cast<int64_t>(sums.size());
       ++row) {
    Value x = b.load(b.arg(0), {b.addIndex(firstRow, row), i}, width);
    sums[row * stride] = b.fma(x, a, sums[row * stride]);
  }
}

void ShrinkBuilder::buildDots(Value firstRow, int64_t rows, Value rank) {
  int64_t stride = chains * lanes, full = k / stride * stride;
  SmallVector<Value> sums(rows * chains, b.splat(lanes, 0.0));
  if (full > 0) {
    sums = b.loop(b.index(0), b.index(full), stride, sums,
                  [&](Value i, ValueRange carried) {
                    SmallVector<Value> next = llvm::to_vector_of<Value>(carried);
                    for (int64_t c = 0; c < chains; ++c) {
                      buildStep(firstRow, rank, b.addIndex(i, c * lanes), lanes,
                                MutableArrayRef(next).drop_front(c), chains);
                    }
                    return next;
                  });
  }
  // Full vectors of the rest go to the chains in turn; shorter ones are reduced
  // alone.
  SmallVector<SmallVector<Value>> tails;
  for (auto [c, chunk] : llvm::enumerate(getChunks(k - full, lanes))) {
    Value i = b.index(full + chunk.offset);
    if (chunk.width == lanes) {
      buildStep(firstRow, rank, i, lanes, MutableArrayRef(sums).drop_front(c),
                chains);
      continue;
    }
    tails.emplace_back(rows, b.splat(chunk.width, 0.0));
    buildStep(firstRow, rank, i, chunk.width, tails.back(), 1);
  }
  for (int64_t row = 0; row < rows; ++row) {
    ArrayRef<Value> all = sums;
    SmallVector<Value> chain(all.slice(row * chains, chains));
    while (chain.size() > 1) {
      size_t half = chain.size() / 2;
      for (size_t c = 0; c < half; ++c) {
        chain[c] = b.add(chain[c], chain[c + half]);
      }
      chain.truncate(half);
    }
    Value sum = b.reduceAdd(chain.front());
    for (ArrayRef<Value> tail : tails) {
      sum = b.add(sum, b.reduceAdd(tail[row]));
    }
    b.storeScalar(sum, b.arg(3), {b.addIndex(firstRow, row), rank});
  }
}

Kernel KernelLibrary::loraShrink(int64_t m, int64_t k, int64_t capacity) {
  OpBuilder types(module.getContext());
  Type f32 = types.getF32Type();
  std::string name = llvm::formatv("lora_shrink_{0}x{1}x{2}", m, capacity, k);
  int64_t blocks = llvm::divideCeil(m, ShrinkBuilder::kRows);
  return getOrBuild(name,
                    {mlir::MemRefType::get({m, k}, f32), getHeaderType(types),
                     mlir::MemRefType::get({capacity, k}, f32),
                     mlir::MemRefType::get({m, capacity}, f32)},
                    blocks * kLoRARankStep, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
                      ShrinkBuilder(b, m, k, capacity).build();
                    });
}

//===----------------------------------------------------------------------===//
// Expand
//===----------------------------------------------------------------------===//

namespace {
class ExpandBuilder {
public:
  ExpandBuilder(KernelBuilder &b, int64_t m, int64_t n, int64_t capacity,
                bool inPlace)
      : b(b), m(m), n(n), capacity(capacity), lanes(b.getLanes()),
        inPlace(inPlace) {}

  void build();

private:
  Value getBase() { return b.arg(3); }
  Value getOut() { return b.arg(inPlace ? 3 : 4); }

  void buildPanel(Value panel);
  void copyPanel(Value panel);
  void buildTile(Value panel, Value column, Value firstRow, int64_t rows,
                 int64_t vectors);
  /// Calls `store` with each column below n of [column, column + width) and the
  /// width of the vector there.
  void forEachColumn(Value panel, Value column, int64_t width,
                     llvm::function_ref<void(int64_t, int64_t)> store);

  KernelBuilder &b;
  int64_t m, n, capacity, lanes;
  bool inPlace;
  Value rank, steps, scaling;
};
} // namespace

void ExpandBuilder::build() {
  rank = loadRank(b, 1, capacity);
  steps = b.divIndex(rank, kLoRARankStep);
  scaling = b.broadcast(loadScaling(b, 1), lanes);
  Value isOn = b.compare(arith::CmpIPredicate::ugt, steps, b.index(0));
  auto expand = [&] {
    b.forEachTile([&](Value panel) { buildPanel(panel); });
  };
  if (inPlace) {
    b.ifThen(isOn, expand);
    return;
  }
  b.ifThen(isOn, expand, [&] {
    b.forEachTile([&](Value panel) { copyPanel(panel); });
  });
}

void ExpandBuilder::buildPanel(Value panel) {
  // Tiles of two sizes that differ by one row cover all rows evenly.
  int64_t maxRows = lanes == 16 ? 8 : 4;
  int64_t tiles = llvm::divideCeil(m, maxRows);
  int64_t small = m / tiles, numLarge = m % tiles;
  int64_t firstSmall = numLarge * (small + 1);
  int64_t vectors = kPanelWidth / lanes;
  while (vectors > 1 && (small + 1) * vectors > (lanes == 16 ? 24 : 12)) {
    vectors /= 2;
  }
  auto buildRange = [&](int64_t begin, int64_t end, int64_t rows,
                        Value column) {
    if (begin < end) {
      b.loop(b.index(begin), b.index(end), rows, [&](Value row) {
        buildTile(panel, column, row, rows, vectors);
      });
    }
  };
  b.loop(b.index(0), b.index(kPanelWidth), vectors * lanes, [&](Value column) {
    buildRange(0, firstSmall, small + 1, column);
    buildRange(firstSmall, m, small, column);
  });
}

void ExpandBuilder::buildTile(Value panel, Value column, Value firstRow,
                              int64_t rows, int64_t vectors) {
  SmallVector<Value> sums(rows * vectors, b.splat(lanes, 0.0));
  sums = b.loop(
      b.index(0), steps, 1, sums, [&](Value step, ValueRange carried) {
        SmallVector<Value> next = llvm::to_vector_of<Value>(carried);
        Value firstRank = b.mulIndex(step, kLoRARankStep);
        Value line = b.addIndex(b.mulIndex(panel, rank), firstRank);
        Value at = b.addIndex(b.mulIndex(line, kPanelWidth), column);
        for (int64_t r = 0; r < kLoRARankStep; ++r) {
          SmallVector<Value> weights;
          for (int64_t v = 0; v < vectors; ++v) {
            weights.push_back(b.load(
                b.arg(2), {b.addIndex(at, r * kPanelWidth + v * lanes)},
                lanes));
          }
          for (int64_t row = 0; row < rows; ++row) {
            Value t = b.broadcast(
                b.loadScalar(b.arg(0), {b.addIndex(firstRow, row),
                                        b.addIndex(firstRank, r)}),
                lanes);
            for (int64_t v = 0; v < vectors; ++v) {
              Value &sum = next[row * vectors + v];
              sum = b.fma(t, weights[v], sum);
            }
          }
        }
        return next;
      });
  forEachColumn(panel, column, vectors * lanes,
                [&](int64_t offset, int64_t width) {
    Value at = b.addIndex(b.addIndex(b.mulIndex(panel, kPanelWidth), column),
                          offset);
    for (int64_t row = 0; row < rows; ++row) {
      Value r = b.addIndex(firstRow, row);
      Value sum = b.extract(sums[row * vectors + offset / lanes],
                            offset % lanes, width);
      b.store(b.fma(b.extract(scaling, 0, width), sum,
                    b.load(getBase(), {r, at}, width)),
              getOut(), {r, at});
    }
  });
}

void ExpandBuilder::copyPanel(Value panel) {
  Value zero = b.index(0);
  forEachColumn(panel, zero, kPanelWidth, [&](int64_t offset, int64_t width) {
    Value at = b.addIndex(b.mulIndex(panel, kPanelWidth), offset);
    b.loop(zero, b.index(m), 1, [&](Value row) {
      b.store(b.load(getBase(), {row, at}, width), getOut(), {row, at});
    });
  });
}

void ExpandBuilder::forEachColumn(
    Value panel, Value column, int64_t width,
    llvm::function_ref<void(int64_t, int64_t)> store) {
  auto storeFirst = [&](int64_t count) {
    for (Chunk chunk : getChunks(count, lanes)) {
      store(chunk.offset, chunk.width);
    }
  };
  if (n % kPanelWidth == 0) {
    storeFirst(width);
    return;
  }
  // The last panel: all of the columns, a part of them, or none.
  Value first = b.addIndex(b.mulIndex(panel, kPanelWidth), column);
  Value isFull = b.compare(arith::CmpIPredicate::ule, b.addIndex(first, width),
                           b.index(n));
  b.ifThen(isFull, [&] { storeFirst(width); }, [&] {
    if (int64_t tail = n % width) {
      Value isTail = b.compare(arith::CmpIPredicate::ult, first, b.index(n));
      b.ifThen(isTail, [&] { storeFirst(tail); });
    }
  });
}

Kernel KernelLibrary::loraExpand(int64_t m, int64_t n, int64_t capacity,
                                 bool inPlace) {
  OpBuilder types(module.getContext());
  Type f32 = types.getF32Type();
  int64_t panels = llvm::divideCeil(n, kPanelWidth);
  auto rows = mlir::MemRefType::get({m, n}, f32);
  SmallVector<Type> operands{
      mlir::MemRefType::get({m, capacity}, f32), getHeaderType(types),
      mlir::MemRefType::get({panels * capacity * kPanelWidth}, f32),
      rows};
  if (!inPlace) {
    operands.push_back(rows);
  }
  std::string name = llvm::formatv("lora_expand_{0}x{1}x{2}{3}", m, n, capacity,
                                   inPlace ? "" : "_base");
  return getOrBuild(name, operands, panels, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
                      ExpandBuilder(b, m, n, capacity, inPlace).build();
                    });
}
