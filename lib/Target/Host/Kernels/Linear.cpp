// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Linear layers over packed panels. A register tile is `rows` rows of x times
// `vectors` vectors of columns in each of `panels` panels. Whatever the tile,
// an output element is one accumulator that takes x[m, k]·w[n, k] by fma for
// k = 0, 1, …, K − 1, so all tiles give the same bits.
//
// bf16 weights are read as 32-bit pairs: the even columns of a pair of vectors
// are the low halves shifted up, the odd ones the high halves masked. The two
// accumulators are interleaved once, at the end.

#include "KernelBuilder.h"

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;
namespace vector = mlir::vector;

namespace {
struct RegisterTile {
  int64_t rows;
  int64_t vectors;
  int64_t panels;
};

class LinearBuilder {
public:
  LinearBuilder(KernelBuilder &b, int64_t m, int64_t n, int64_t k,
                FloatType weightType, bool bias)
      : b(b), m(m), n(n), k(k), weightType(weightType), bias(bias),
        lanes(b.getLanes()), panelVectors(kPanelWidth / lanes) {}

  void build();

private:
  /// Accumulators that the register file holds beside the operands.
  int64_t getBudget() const { return lanes == 16 ? 24 : 12; }
  int64_t getMaxRows() const { return lanes == 16 ? 12 : 6; }
  /// Vectors of columns of a tile with `rows` rows: a power of 2, and even, for
  /// pairs of bf16.
  int64_t getVectors(int64_t rows) const;

  void buildPanels(Value begin, Value end, int64_t panels);
  void buildRows(Value firstPanel, int64_t panels);
  /// Computes and stores one register tile.
  void buildTile(Value firstPanel, Value firstRow, Value firstColumn,
                 RegisterTile tile);
  /// The accumulators after step `step`: [row][panel][vector].
  SmallVector<Value> buildStep(Value firstPanel, Value firstRow,
                               Value firstColumn, Value step,
                               RegisterTile tile, ValueRange accumulators);
  /// The `vectors` vectors of weights at one k.
  SmallVector<Value> loadWeights(Value panel, Value step, Value column,
                                 int64_t vectors);
  void storeRow(Value panel, Value row, Value firstColumn,
                ArrayRef<Value> accumulators);

  KernelBuilder &b;
  int64_t m, n, k;
  FloatType weightType;
  bool bias;
  int64_t lanes, panelVectors;
};
} // namespace

int64_t LinearBuilder::getVectors(int64_t rows) const {
  int64_t vectors = panelVectors;
  while (vectors > 2 && rows * vectors > getBudget()) {
    vectors /= 2;
  }
  return vectors;
}

void LinearBuilder::build() {
  // One row is bound by memory: several panels at once make several streams.
  int64_t panels = 1;
  if (m <= 2) {
    panels = std::max<int64_t>(1, 8 / (m * panelVectors));
  }
  if (panels == 1) {
    buildPanels(b.begin(), b.end(), 1);
    return;
  }
  Value span = arith::SubIOp::create(b, b.end(), b.begin());
  Value tail = b.remIndex(span, panels);
  Value middle = arith::SubIOp::create(b, b.end(), tail);
  buildPanels(b.begin(), middle, panels);
  buildPanels(middle, b.end(), 1);
}

void LinearBuilder::buildPanels(Value begin, Value end, int64_t panels) {
  b.loop(begin, end, panels, [&](Value panel) { buildRows(panel, panels); });
}

void LinearBuilder::buildRows(Value firstPanel, int64_t panels) {
  // Tiles of two sizes that differ by one row cover all rows evenly.
  int64_t tiles = llvm::divideCeil(m, getMaxRows());
  int64_t small = m / tiles, numLarge = m % tiles;
  int64_t firstSmall = numLarge * (small + 1);
  int64_t vectors = getVectors(numLarge > 0 ? small + 1 : small);
  auto buildRange = [&](int64_t begin, int64_t end, int64_t rows,
                        Value column) {
    if (begin == end) {
      return;
    }
    RegisterTile tile{rows, vectors, panels};
    if (end - begin == rows) {
      buildTile(firstPanel, b.index(begin), column, tile);
      return;
    }
    b.loop(b.index(begin), b.index(end), rows, [&](Value row) {
      buildTile(firstPanel, row, column, tile);
    });
  };
  auto buildColumns = [&](Value column) {
    buildRange(0, firstSmall, small + 1, column);
    buildRange(firstSmall, m, small, column);
  };
  if (vectors == panelVectors) {
    buildColumns(b.index(0));
    return;
  }
  b.loop(b.index(0), b.index(kPanelWidth), vectors * lanes, buildColumns);
}

void LinearBuilder::buildTile(Value firstPanel, Value firstRow,
                              Value firstColumn, RegisterTile tile) {
  int64_t unroll = tile.rows * tile.panels <= 2 ? 4 : 2;
  int64_t unrolled = k / unroll * unroll;
  SmallVector<Value> accumulators(tile.rows * tile.panels * tile.vectors,
                                  b.splat(lanes, 0.0));
  auto step = [&](Value k, ValueRange carried) {
    return buildStep(firstPanel, firstRow, firstColumn, k, tile, carried);
  };
  if (unrolled > 0) {
    accumulators =
        b.loop(b.index(0), b.index(unrolled), unroll, accumulators,
               [&](Value i, ValueRange carried) {
                 SmallVector<Value> next = llvm::to_vector_of<Value>(carried);
                 for (int64_t j = 0; j < unroll; ++j) {
                   next = step(b.addIndex(i, j), next);
                 }
                 return next;
               });
  }
  for (int64_t i = unrolled; i < k; ++i) {
    accumulators = step(b.index(i), accumulators);
  }
  ArrayRef<Value> rest = accumulators;
  for (int64_t r = 0; r < tile.rows; ++r) {
    for (int64_t p = 0; p < tile.panels; ++p) {
      storeRow(b.addIndex(firstPanel, p), b.addIndex(firstRow, r), firstColumn,
               rest.take_front(tile.vectors));
      rest = rest.drop_front(tile.vectors);
    }
  }
}

SmallVector<Value> LinearBuilder::buildStep(Value firstPanel, Value firstRow,
                                            Value firstColumn, Value step,
                                            RegisterTile tile,
                                            ValueRange accumulators) {
  SmallVector<Value> x;
  for (int64_t r = 0; r < tile.rows; ++r) {
    Value row = b.addIndex(firstRow, r);
    x.push_back(b.broadcast(b.loadScalar(b.arg(0), {row, step}), lanes));
  }
  SmallVector<Value> next(accumulators.size());
  for (int64_t p = 0; p < tile.panels; ++p) {
    SmallVector<Value> weights = loadWeights(b.addIndex(firstPanel, p), step,
                                             firstColumn, tile.vectors);
    for (int64_t v = 0; v < tile.vectors; ++v) {
      for (int64_t r = 0; r < tile.rows; ++r) {
        int64_t i = (r * tile.panels + p) * tile.vectors + v;
        next[i] = b.fma(x[r], weights[v], accumulators[i]);
      }
    }
  }
  return next;
}

SmallVector<Value> LinearBuilder::loadWeights(Value panel, Value step,
                                              Value column, int64_t vectors) {
  SmallVector<Value> weights;
  if (!weightType.isBF16()) {
    for (int64_t v = 0; v < vectors; ++v) {
      weights.push_back(b.load(
          b.arg(1), {panel, step, b.addIndex(column, v * lanes)}, lanes));
    }
    return weights;
  }
  for (int64_t v = 0; v < vectors; v += 2) {
    Value pairs = vector::LoadOp::create(
        b, mlir::VectorType::get({2 * lanes}, weightType), b.arg(1),
        ValueRange{panel, step, b.addIndex(column, v * lanes)});
    Value bits = vector::BitCastOp::create(b, b.vecI32(lanes), pairs);
    Value even = arith::ShLIOp::create(b, bits, b.splatI32(lanes, 16));
    Value odd = arith::AndIOp::create(
        b, bits, b.splatI32(lanes, static_cast<int32_t>(0xFFFF0000)));
    weights.push_back(arith::BitcastOp::create(b, b.vec(lanes), even));
    weights.push_back(arith::BitcastOp::create(b, b.vec(lanes), odd));
  }
  return weights;
}

void LinearBuilder::storeRow(Value panel, Value row, Value firstColumn,
                             ArrayRef<Value> accumulators) {
  SmallVector<Value> values;
  if (weightType.isBF16()) {
    for (size_t v = 0; v < accumulators.size(); v += 2) {
      values.push_back(vector::InterleaveOp::create(b, accumulators[v],
                                                    accumulators[v + 1]));
    }
  } else {
    values.assign(accumulators.begin(), accumulators.end());
  }
  int64_t width = accumulators.size() * lanes;
  int64_t pieceWidth = width / values.size();
  Value column = b.addIndex(b.mulIndex(panel, kPanelWidth), firstColumn);
  Value out = b.arg(bias ? 3 : 2);
  auto storePiece = [&](Value value, int64_t offset) {
    Value at = b.addIndex(column, offset);
    if (bias) {
      int64_t lanes = cast<mlir::VectorType>(value.getType()).getNumElements();
      value = b.add(value, b.load(b.arg(2), at, lanes));
    }
    b.store(value, out, {row, at});
  };
  auto storeFirst = [&](int64_t count) {
    for (auto [i, value] : llvm::enumerate(values)) {
      int64_t offset = i * pieceWidth;
      for (Chunk chunk : getChunks(std::min(count - offset, pieceWidth),
                                   pieceWidth)) {
        storePiece(b.extract(value, chunk.offset, chunk.width),
                   offset + chunk.offset);
      }
    }
  };
  if (n % kPanelWidth == 0) {
    storeFirst(width);
    return;
  }
  // The last panel: a full tile, a part of one, or nothing.
  Value isFull = b.compare(arith::CmpIPredicate::ule,
                           b.addIndex(column, width), b.index(n));
  int64_t tail = n % width;
  b.ifThen(isFull, [&] { storeFirst(width); }, [&] {
    if (tail == 0) {
      return;
    }
    Value isTail = b.compare(arith::CmpIPredicate::ult, column, b.index(n));
    b.ifThen(isTail, [&] { storeFirst(tail); });
  });
}

Kernel KernelLibrary::linear(int64_t m, int64_t n, int64_t k,
                             FloatType weightType, bool bias) {
  OpBuilder types(module.getContext());
  Type f32 = types.getF32Type();
  int64_t panels = llvm::divideCeil(n, kPanelWidth);
  SmallVector<Type> operands{
      mlir::MemRefType::get({m, k}, f32),
      mlir::MemRefType::get({panels, k, kPanelWidth}, weightType)};
  if (bias) {
    operands.push_back(mlir::MemRefType::get({n}, f32));
  }
  operands.push_back(mlir::MemRefType::get({m, n}, f32));
  std::string name = llvm::formatv("linear_{0}x{1}x{2}_{3}{4}", m, n, k,
                                   weightType, bias ? "_bias" : "");
  return getOrBuild(name, operands, panels, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
                      LinearBuilder(b, m, n, k, weightType, bias).build();
                    });
}
