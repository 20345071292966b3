// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Causal attention over cached keys and values, with an online softmax
// (Milakov and Gimelshein 2018, arXiv:1805.02867) over blocks of 16 keys.
//
// A tile is a run of query rows of one (batch row, key/value head): row i is
// position i / R and query head i % R of the R heads that share the keys, so
// keys and values are loaded once for all rows. Scores are a product of
// [rows, D] and [D, 16], their sum with the values one of [rows, 16] and
// [16, E]; both go through register tiles as in a linear layer.
//
// A row's bits do not depend on the rows beside it: an element is one chain of
// fused multiply-adds in ascending order, and keys that a row does not see
// leave its accumulators as they are, whatever the slots hold.

#include "KernelBuilder.h"

#include <limits>

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;

namespace {
/// Query rows of a tile, where there are enough.
constexpr int64_t kMaxTileRows = 12;
/// The least score: finite, so that no difference of two scores is NaN.
constexpr double kLowest = -3.4028234663852886e38;

class AttentionBuilder {
public:
  AttentionBuilder(KernelBuilder &b, const AttentionShape &shape, double scale,
                   bool slopes)
      : b(b), shape(shape), scale(scale), slopes(slopes),
        lanes(std::min(b.getLanes(), kSlotBlock)),
        heads(shape.heads / shape.groups) {}

  /// Query rows of one (batch row, key/value head).
  static int64_t getRows(const AttentionShape &shape) {
    return shape.seqLen * (shape.heads / shape.groups);
  }
  /// Rows of a tile: as equal as possible.
  static int64_t getTileRows(const AttentionShape &shape) {
    int64_t rows = getRows(shape);
    return llvm::divideCeil(rows, llvm::divideCeil(rows, kMaxTileRows));
  }
  static int64_t getTiles(const AttentionShape &shape) {
    return shape.batch * shape.groups *
           llvm::divideCeil(getRows(shape), getTileRows(shape));
  }

  void build();

private:
  using RowsBody = llvm::function_ref<void(Value row, int64_t count)>;

  void buildTile(int64_t rows);
  void buildSetup(int64_t rows);
  void buildBlock(int64_t rows, Value block);
  void buildScores(Value firstRow, int64_t rows, Value block);
  void buildSoftmax(int64_t rows, Value block);
  /// The probabilities of one row; gives their sum.
  Value buildProbabilities(Value row, ArrayRef<Value> keys);
  void buildValues(int64_t rows, Value block, bool masked);
  void buildValueTile(Value firstRow, int64_t rows, ArrayRef<Chunk> chunks,
                      Value block, bool masked);
  void buildOutput(int64_t rows);

  /// Splits [0, rows) into runs of at most `most`, as equal as possible.
  void forEachRun(int64_t rows, int64_t most, RowsBody body);
  void forEachRow(int64_t rows, KernelBuilder::LoopBody body) {
    b.loop(b.index(0), b.index(rows), 1, body);
  }
  /// Position and query head of row `row` of the tile.
  std::pair<Value, Value> getPlace(Value row);
  static int64_t pad(int64_t count, int64_t multiple) {
    return llvm::divideCeil(count, multiple) * multiple;
  }

  /// Accumulators that the register file holds beside the operands.
  int64_t getBudget() const { return b.getLanes() == 16 ? 24 : 12; }

  KernelBuilder &b;
  AttentionShape shape;
  double scale;
  bool slopes;
  int64_t lanes; ///< of a vector of scores
  int64_t heads; ///< query heads per key/value head

  // Operands and, per tile, its place.
  Value q, k, v, positions, slope, out;
  Value batchRow, group, firstRow;
  /// The least and the largest position of the tile's rows, i64.
  Value least, most;
  // Buffers of the tile: queries [rows][D], probabilities [rows][16],
  // accumulators [rows][E], and per row its position, slope, largest score,
  // sum, and the factor that brings old sums to the new maximum.
  Value query, probability, accumulator;
  Value rowPosition, rowSlope, maximum, sum, correction;
};
} // namespace

void AttentionBuilder::build() {
  q = b.arg(0), k = b.arg(1), v = b.arg(2), positions = b.arg(3);
  slope = slopes ? b.arg(4) : Value();
  out = b.arg(slopes ? 5 : 4);
  int64_t rows = getRows(shape), size = getTileRows(shape);
  int64_t perGroup = llvm::divideCeil(rows, size), tail = rows % size;
  int64_t padded = pad(size, lanes);
  Type f32 = b.getF32Type();
  query = b.allocate({size, shape.headDim}, f32);
  probability = b.allocate({size, kSlotBlock}, f32);
  accumulator = b.allocate({size, shape.valueDim}, f32);
  rowPosition = b.allocate({size}, b.getI64Type());
  rowSlope = slopes ? b.allocate({size}, f32) : Value();
  maximum = b.allocate({padded}, f32);
  sum = b.allocate({padded}, f32);
  correction = b.allocate({padded}, f32);
  b.forEachTile([&](Value tile) {
    Value part = b.remIndex(tile, perGroup);
    Value rest = b.divIndex(tile, perGroup);
    group = b.remIndex(rest, shape.groups);
    batchRow = b.divIndex(rest, shape.groups);
    firstRow = b.mulIndex(part, size);
    if (tail == 0) {
      buildTile(size);
      return;
    }
    Value isLast = b.compare(arith::CmpIPredicate::eq, part,
                             b.index(perGroup - 1));
    b.ifThen(isLast, [&] { buildTile(tail); }, [&] { buildTile(size); });
  });
}

void AttentionBuilder::forEachRun(int64_t rows, int64_t most, RowsBody body) {
  int64_t count = llvm::divideCeil(rows, llvm::divideCeil(rows, most));
  int64_t full = rows / count * count;
  if (full == count) {
    body(b.index(0), count);
  } else {
    b.loop(b.index(0), b.index(full), count,
           [&](Value row) { body(row, count); });
  }
  if (full < rows) {
    body(b.index(full), rows - full);
  }
}

std::pair<Value, Value> AttentionBuilder::getPlace(Value row) {
  row = b.addIndex(firstRow, row);
  return {b.divIndex(row, heads),
          b.addIndex(b.mulIndex(group, heads), b.remIndex(row, heads))};
}

void AttentionBuilder::buildTile(int64_t rows) {
  buildSetup(rows);
  // Blocks that some row of the tile sees.
  Value numKeys = b.toIndex(arith::AddIOp::create(
      b, arith::MaxSIOp::create(b, most, b.i64(-1)), b.i64(1)));
  Value blocks = b.divIndex(b.addIndex(numKeys, kSlotBlock - 1), kSlotBlock);
  b.loop(b.index(0), blocks, 1, [&](Value block) { buildBlock(rows, block); });
  buildOutput(rows);
}

void AttentionBuilder::buildSetup(int64_t rows) {
  for (int64_t i = 0; i < pad(rows, lanes); i += lanes) {
    b.store(b.splat(lanes, kLowest), maximum, b.index(i));
    b.store(b.splat(lanes, 0.0), sum, b.index(i));
    b.store(b.splat(lanes, 0.0), correction, b.index(i));
  }
  SmallVector<Value> range = b.loop(
      b.index(0), b.index(rows), 1, {b.i64(shape.slots), b.i64(-1)},
      [&](Value row, ValueRange carried) -> SmallVector<Value> {
        auto [s, head] = getPlace(row);
        Value position = b.loadScalar(positions, {batchRow, s});
        position =
            arith::MinSIOp::create(b, position, b.i64(shape.slots - 1));
        b.storeScalar(position, rowPosition, row);
        if (slopes) {
          b.storeScalar(b.loadScalar(slope, head), rowSlope, row);
        }
        b.forEachChunk(shape.headDim, [&](Value d, int64_t width) {
          b.store(b.load(q, {batchRow, s, head, d}, width), query, {row, d});
        });
        b.forEachChunk(shape.valueDim, [&](Value e, int64_t width) {
          b.store(b.splat(width, 0.0), accumulator, {row, e});
        });
        return {arith::MinSIOp::create(b, carried[0], position),
                arith::MaxSIOp::create(b, carried[1], position)};
      });
  least = range[0], most = range[1];
}

void AttentionBuilder::buildBlock(int64_t rows, Value block) {
  forEachRun(rows, getBudget() / (kSlotBlock / lanes),
             [&](Value row, int64_t count) { buildScores(row, count, block); });
  buildSoftmax(rows, block);
  Value lastKey = arith::IndexCastOp::create(
      b, b.getI64Type(),
      b.addIndex(b.mulIndex(block, kSlotBlock), kSlotBlock - 1));
  Value unmasked = b.compare(arith::CmpIPredicate::sle, lastKey, least);
  b.ifThen(unmasked, [&] { buildValues(rows, block, /*masked=*/false); },
           [&] { buildValues(rows, block, /*masked=*/true); });
}

void AttentionBuilder::buildScores(Value firstRow, int64_t rows, Value block) {
  int64_t vectors = kSlotBlock / lanes;
  SmallVector<Value> scores(rows * vectors, b.splat(lanes, 0.0));
  scores = b.loop(
      b.index(0), b.index(shape.headDim), 1, scores,
      [&](Value d, ValueRange carried) {
        SmallVector<Value> keys, next;
        for (int64_t j = 0; j < vectors; ++j) {
          keys.push_back(b.load(
              k, {batchRow, group, block, d, b.index(j * lanes)}, lanes));
        }
        for (int64_t i = 0; i < rows; ++i) {
          Value x = b.broadcast(
              b.loadScalar(query, {b.addIndex(firstRow, i), d}), lanes);
          for (int64_t j = 0; j < vectors; ++j) {
            next.push_back(b.fma(x, keys[j], carried[i * vectors + j]));
          }
        }
        return next;
      });
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < vectors; ++j) {
      b.store(scores[i * vectors + j], probability,
              {b.addIndex(firstRow, i), b.index(j * lanes)});
    }
  }
}

/// Turns scores into probabilities relative to the new maximum.
void AttentionBuilder::buildSoftmax(int64_t rows, Value block) {
  auto i64Vector = mlir::VectorType::get({lanes}, b.getI64Type());
  Value firstKey = arith::IndexCastOp::create(
      b, b.getI64Type(), b.mulIndex(block, kSlotBlock));
  SmallVector<Value> keys;
  for (int64_t j = 0; j < kSlotBlock; j += lanes) {
    SmallVector<int64_t> offsets;
    for (int64_t i = 0; i < lanes; ++i) {
      offsets.push_back(j + i);
    }
    Value offset = arith::ConstantOp::create(
        b, DenseElementsAttr::get(i64Vector, ArrayRef<int64_t>(offsets)));
    keys.push_back(
        arith::AddIOp::create(b, b.broadcast(firstKey, lanes), offset));
  }
  forEachRow(rows, [&](Value row) {
    Value total = buildProbabilities(row, keys);
    Value factor = b.exp(b.broadcast(b.loadScalar(correction, row), lanes));
    factor = b.extractScalar(factor, 0);
    b.storeScalar(factor, correction, row);
    b.storeScalar(b.add(b.mul(b.loadScalar(sum, row), factor), total), sum,
                  row);
  });
}

Value AttentionBuilder::buildProbabilities(Value row, ArrayRef<Value> keys) {
  Value position = b.broadcast(b.loadScalar(rowPosition, row), lanes);
  SmallVector<Value> scores;
  Value blockMaximum;
  for (auto [j, key] : llvm::enumerate(keys)) {
    Value score = b.load(probability, {row, b.index(j * lanes)}, lanes);
    score = b.mul(score, b.splat(lanes, scale));
    if (slopes) {
      Value distance = arith::SubIOp::create(b, key, position);
      distance = arith::TruncIOp::create(b, b.vecI32(lanes), distance);
      distance = arith::SIToFPOp::create(b, b.vec(lanes), distance);
      score = b.fma(b.broadcast(b.loadScalar(rowSlope, row), lanes), distance,
                    score);
    }
    score = b.select(
        b.compare(arith::CmpIPredicate::sle, key, position), score,
        b.splat(lanes, -std::numeric_limits<double>::infinity()));
    scores.push_back(score);
    blockMaximum =
        blockMaximum
            ? b.select(b.compare(arith::CmpFPredicate::OGT, score,
                                 blockMaximum),
                       score, blockMaximum)
            : score;
  }
  Value old = b.loadScalar(maximum, row);
  Value largest = b.reduceMax(blockMaximum);
  largest = b.select(b.compare(arith::CmpFPredicate::OGT, largest, old),
                     largest, old);
  b.storeScalar(largest, maximum, row);
  b.storeScalar(b.sub(old, largest), correction, row);
  Value total;
  for (auto [j, score] : llvm::enumerate(scores)) {
    Value p = b.exp(b.sub(score, b.broadcast(largest, lanes)));
    b.store(p, probability, {row, b.index(j * lanes)});
    total = total ? b.add(total, p) : p;
  }
  return b.reduceAdd(total);
}

void AttentionBuilder::buildValues(int64_t rows, Value block, bool masked) {
  SmallVector<Chunk> chunks = getChunks(shape.valueDim, b.getLanes());
  forEachRun(rows, 6, [&](Value row, int64_t count) {
    size_t width = std::max<int64_t>(1, getBudget() / count);
    for (ArrayRef<Chunk> rest = chunks; !rest.empty();) {
      ArrayRef<Chunk> part = rest.take_front(std::min(width, rest.size()));
      buildValueTile(row, count, part, block, masked);
      rest = rest.drop_front(part.size());
    }
  });
}

void AttentionBuilder::buildValueTile(Value firstRow, int64_t rows,
                                      ArrayRef<Chunk> chunks, Value block,
                                      bool masked) {
  SmallVector<Value> sums;
  for (int64_t i = 0; i < rows; ++i) {
    Value row = b.addIndex(firstRow, i);
    Value factor = b.loadScalar(correction, row);
    for (Chunk chunk : chunks) {
      Value old =
          b.load(accumulator, {row, b.index(chunk.offset)}, chunk.width);
      sums.push_back(b.mul(old, b.broadcast(factor, chunk.width)));
    }
  }
  Value firstKey = b.mulIndex(block, kSlotBlock);
  Value count = b.index(kSlotBlock);
  if (masked) {
    // No further than the last slot: the cache may end within the block.
    count = b.minIndex(
        count, arith::SubIOp::create(b, b.index(shape.slots), firstKey));
  }
  sums = b.loop(
      b.index(0), count, 1, sums, [&](Value j, ValueRange carried) {
        Value key = b.addIndex(firstKey, j);
        SmallVector<Value> values, next;
        for (Chunk chunk : chunks) {
          values.push_back(
              b.load(v, {batchRow, group, key, b.index(chunk.offset)},
                     chunk.width));
        }
        for (int64_t i = 0; i < rows; ++i) {
          Value row = b.addIndex(firstRow, i);
          Value p = b.loadScalar(probability, {row, j});
          Value visible;
          if (masked) {
            visible = b.compare(
                arith::CmpIPredicate::sle,
                arith::IndexCastOp::create(b, b.getI64Type(), key),
                b.loadScalar(rowPosition, row));
          }
          for (auto [c, chunk] : llvm::enumerate(chunks)) {
            Value old = carried[i * chunks.size() + c];
            Value added = b.fma(b.broadcast(p, chunk.width), values[c], old);
            next.push_back(masked ? b.select(visible, added, old) : added);
          }
        }
        return next;
      });
  for (int64_t i = 0; i < rows; ++i) {
    for (auto [c, chunk] : llvm::enumerate(chunks)) {
      b.store(sums[i * chunks.size() + c], accumulator,
              {b.addIndex(firstRow, i), b.index(chunk.offset)});
    }
  }
}

void AttentionBuilder::buildOutput(int64_t rows) {
  forEachRow(rows, [&](Value row) {
    Value total = b.loadScalar(sum, row);
    Value isEmpty = b.compare(arith::CmpFPredicate::OEQ, total, b.f32(0.0));
    Value factor =
        b.select(isEmpty, b.f32(0.0), b.div(b.f32(1.0), total));
    auto [s, head] = getPlace(row);
    b.forEachChunk(shape.valueDim, [&](Value e, int64_t width) {
      Value value = b.load(accumulator, {row, e}, width);
      b.store(b.mul(value, b.broadcast(factor, width)), out,
              {batchRow, s, head, e});
    });
  });
}

Kernel KernelLibrary::attention(const AttentionShape &shape, double scale,
                                bool slopes) {
  MLIRContext *context = module.getContext();
  OpBuilder types(context);
  Type f32 = types.getF32Type();
  SmallVector<Type> operands{
      mlir::MemRefType::get(
          {shape.batch, shape.seqLen, shape.heads, shape.headDim}, f32),
      getCacheType(context, StateLayout::SlotBlocks, shape.batch, shape.groups,
                   shape.slots, shape.headDim),
      getCacheType(context, StateLayout::RowMajor, shape.batch, shape.groups,
                   shape.slots, shape.valueDim),
      mlir::MemRefType::get({shape.batch, shape.seqLen}, types.getI64Type())};
  if (slopes) {
    operands.push_back(mlir::MemRefType::get({shape.heads}, f32));
  }
  operands.push_back(mlir::MemRefType::get(
      {shape.batch, shape.seqLen, shape.heads, shape.valueDim}, f32));
  std::string name = llvm::formatv(
      "attention_{0}x{1}_{2}h{3}g_{4}x{5}_{6}_{7}{8}", shape.batch,
      shape.seqLen, shape.heads, shape.groups, shape.headDim, shape.valueDim,
      shape.slots, getNumberName(scale), slopes ? "_alibi" : "");
  return getOrBuild(name, operands, AttentionBuilder::getTiles(shape),
                    /*inPlace=*/false, [&](KernelBuilder &b) {
                      AttentionBuilder(b, shape, scale, slopes).build();
                    });
}
