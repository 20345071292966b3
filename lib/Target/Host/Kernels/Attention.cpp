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
  /// Where query row `i` of the current tile is.
  struct Row {
    Value s, head;
  };

  Row getRow(int64_t i);
  void buildTile(int64_t rows);
  void buildBlock(int64_t rows, Value block, Value leastPosition);
  void buildScores(int64_t firstRow, int64_t rows, Value block);
  void buildSoftmax(int64_t rows, Value block);
  void buildValues(int64_t rows, Value block, bool masked);
  void buildValueTile(int64_t firstRow, int64_t rows, ArrayRef<Chunk> chunks,
                      Value block, bool masked);
  void buildOutput(int64_t rows);

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
  // Buffers of the tile: probabilities [rows][16], accumulators [rows][E],
  // largest score, sum, correction and position per row.
  Value probability, accumulator, maximum, sum, correction;
  SmallVector<Row> tileRows;
  SmallVector<Value> rowPositions; ///< i64
};
} // namespace

void AttentionBuilder::build() {
  q = b.arg(0), k = b.arg(1), v = b.arg(2), positions = b.arg(3);
  slope = slopes ? b.arg(4) : Value();
  out = b.arg(slopes ? 5 : 4);
  int64_t rows = getRows(shape), size = getTileRows(shape);
  int64_t perGroup = llvm::divideCeil(rows, size), tail = rows % size;
  probability = b.allocate({size, kSlotBlock});
  accumulator = b.allocate({size, shape.valueDim});
  // Padded to full vectors.
  int64_t padded = llvm::divideCeil(size, lanes) * lanes;
  maximum = b.allocate({padded});
  sum = b.allocate({padded});
  correction = b.allocate({padded});
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

AttentionBuilder::Row AttentionBuilder::getRow(int64_t i) {
  Value row = b.addIndex(firstRow, i);
  return {b.divIndex(row, heads),
          b.addIndex(b.mulIndex(group, heads), b.remIndex(row, heads))};
}

void AttentionBuilder::buildTile(int64_t rows) {
  tileRows.clear();
  rowPositions.clear();
  Value least, most;
  for (int64_t i = 0; i < rows; ++i) {
    tileRows.push_back(getRow(i));
    Value position =
        b.loadScalar(positions, {batchRow, tileRows.back().s});
    position = arith::MinSIOp::create(b, position, b.i64(shape.slots - 1));
    rowPositions.push_back(position);
    least = least ? arith::MinSIOp::create(b, least, position) : position;
    most = most ? arith::MaxSIOp::create(b, most, position) : position;
  }
  int64_t padded = llvm::divideCeil(rows, lanes) * lanes;
  for (int64_t i = 0; i < padded; i += lanes) {
    b.store(b.splat(lanes, kLowest), maximum, b.index(i));
    b.store(b.splat(lanes, 0.0), sum, b.index(i));
  }
  for (int64_t i = 0; i < rows; ++i) {
    b.forEachChunk(shape.valueDim, [&](Value e, int64_t width) {
      b.store(b.splat(width, 0.0), accumulator, {b.index(i), e});
    });
  }
  // Blocks that some row of the tile sees.
  Value numKeys = b.toIndex(arith::AddIOp::create(
      b, arith::MaxSIOp::create(b, most, b.i64(-1)), b.i64(1)));
  Value blocks = b.divIndex(b.addIndex(numKeys, kSlotBlock - 1), kSlotBlock);
  b.loop(b.index(0), blocks, 1,
         [&](Value block) { buildBlock(rows, block, least); });
  buildOutput(rows);
}

void AttentionBuilder::buildBlock(int64_t rows, Value block,
                                  Value leastPosition) {
  int64_t step = std::min<int64_t>(rows, getBudget() / (kSlotBlock / lanes));
  step = llvm::divideCeil(rows, llvm::divideCeil(rows, step));
  for (int64_t i = 0; i < rows; i += step) {
    buildScores(i, std::min(step, rows - i), block);
  }
  buildSoftmax(rows, block);
  Value lastKey = arith::IndexCastOp::create(
      b, b.getI64Type(),
      b.addIndex(b.mulIndex(block, kSlotBlock), kSlotBlock - 1));
  Value unmasked =
      b.compare(arith::CmpIPredicate::sle, lastKey, leastPosition);
  b.ifThen(unmasked, [&] { buildValues(rows, block, /*masked=*/false); },
           [&] { buildValues(rows, block, /*masked=*/true); });
}

void AttentionBuilder::buildScores(int64_t firstRow, int64_t rows,
                                   Value block) {
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
          const Row &row = tileRows[firstRow + i];
          Value query = b.broadcast(
              b.loadScalar(q, {batchRow, row.s, row.head, d}), lanes);
          for (int64_t j = 0; j < vectors; ++j) {
            next.push_back(b.fma(query, keys[j], carried[i * vectors + j]));
          }
        }
        return next;
      });
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < vectors; ++j) {
      b.store(scores[i * vectors + j], probability,
              {b.index(firstRow + i), b.index(j * lanes)});
    }
  }
}

/// Turns scores into probabilities relative to the new maximum.
void AttentionBuilder::buildSoftmax(int64_t rows, Value block) {
  int64_t vectors = kSlotBlock / lanes;
  auto i64Vector = mlir::VectorType::get({lanes}, b.getI64Type());
  Value firstKey = arith::IndexCastOp::create(
      b, b.getI64Type(), b.mulIndex(block, kSlotBlock));
  SmallVector<Value> keys;
  for (int64_t j = 0; j < vectors; ++j) {
    SmallVector<int64_t> offsets;
    for (int64_t i = 0; i < lanes; ++i) {
      offsets.push_back(j * lanes + i);
    }
    Value offset = arith::ConstantOp::create(
        b, DenseElementsAttr::get(i64Vector, ArrayRef<int64_t>(offsets)));
    keys.push_back(
        arith::AddIOp::create(b, b.broadcast(firstKey, lanes), offset));
  }
  SmallVector<SmallVector<Value>> scores(rows);
  for (int64_t i = 0; i < rows; ++i) {
    Value position = b.broadcast(rowPositions[i], lanes);
    for (int64_t j = 0; j < vectors; ++j) {
      Value score = b.load(probability, {b.index(i), b.index(j * lanes)},
                           lanes);
      score = b.mul(score, b.splat(lanes, scale));
      if (slopes) {
        Value distance = arith::SubIOp::create(b, keys[j], position);
        distance = arith::TruncIOp::create(b, b.vecI32(lanes), distance);
        distance = arith::SIToFPOp::create(b, b.vec(lanes), distance);
        Value rowSlope =
            b.broadcast(b.loadScalar(slope, tileRows[i].head), lanes);
        score = b.fma(rowSlope, distance, score);
      }
      Value visible =
          b.compare(arith::CmpIPredicate::sle, keys[j], position);
      scores[i].push_back(b.select(
          visible, score,
          b.splat(lanes, -std::numeric_limits<double>::infinity())));
    }
    Value blockMaximum = scores[i][0];
    for (Value other : ArrayRef(scores[i]).drop_front()) {
      blockMaximum = b.select(
          b.compare(arith::CmpFPredicate::OGT, other, blockMaximum), other,
          blockMaximum);
    }
    Value old = b.loadScalar(maximum, b.index(i));
    Value largest = b.reduceMax(blockMaximum);
    largest = b.select(b.compare(arith::CmpFPredicate::OGT, largest, old),
                       largest, old);
    b.storeScalar(largest, maximum, b.index(i));
    b.storeScalar(b.sub(old, largest), correction, b.index(i));
    Value total;
    for (int64_t j = 0; j < vectors; ++j) {
      Value p = b.exp(b.sub(scores[i][j], b.broadcast(largest, lanes)));
      b.store(p, probability, {b.index(i), b.index(j * lanes)});
      total = total ? b.add(total, p) : p;
    }
    scores[i] = {b.reduceAdd(total)};
  }
  // e^(old maximum − new maximum) of all rows at once.
  int64_t padded = llvm::divideCeil(rows, lanes) * lanes;
  for (int64_t i = 0; i < padded; i += lanes) {
    b.store(b.exp(b.load(correction, b.index(i), lanes)), correction,
            b.index(i));
  }
  for (int64_t i = 0; i < rows; ++i) {
    Value scaled = b.mul(b.loadScalar(sum, b.index(i)),
                         b.loadScalar(correction, b.index(i)));
    b.storeScalar(b.add(scaled, scores[i][0]), sum, b.index(i));
  }
}

void AttentionBuilder::buildValues(int64_t rows, Value block, bool masked) {
  SmallVector<Chunk> chunks = getChunks(shape.valueDim, b.getLanes());
  int64_t step = std::min<int64_t>(rows, 6);
  step = llvm::divideCeil(rows, llvm::divideCeil(rows, step));
  int64_t width = std::max<int64_t>(1, getBudget() / step);
  for (int64_t i = 0; i < rows; i += step) {
    int64_t tile = std::min(step, rows - i);
    for (ArrayRef<Chunk> rest = chunks; !rest.empty();) {
      ArrayRef<Chunk> part =
          rest.take_front(std::min<size_t>(width, rest.size()));
      buildValueTile(i, tile, part, block, masked);
      rest = rest.drop_front(part.size());
    }
  }
}

void AttentionBuilder::buildValueTile(int64_t firstRow, int64_t rows,
                                      ArrayRef<Chunk> chunks, Value block,
                                      bool masked) {
  SmallVector<Value> sums;
  for (int64_t i = 0; i < rows; ++i) {
    Value row = b.index(firstRow + i);
    Value factor = b.loadScalar(correction, row);
    for (Chunk chunk : chunks) {
      Value old =
          b.load(accumulator, {row, b.index(chunk.offset)}, chunk.width);
      sums.push_back(b.mul(old, b.broadcast(factor, chunk.width)));
    }
  }
  Value firstKey = b.mulIndex(block, kSlotBlock);
  auto step = [&](Value j, ValueRange carried) {
    Value key = b.addIndex(firstKey, j);
    SmallVector<Value> values, next;
    for (Chunk chunk : chunks) {
      values.push_back(b.load(
          v, {batchRow, group, key, b.index(chunk.offset)}, chunk.width));
    }
    for (int64_t i = 0; i < rows; ++i) {
      Value p = b.loadScalar(probability, {b.index(firstRow + i), j});
      Value visible;
      if (masked) {
        visible = b.compare(
            arith::CmpIPredicate::sle,
            arith::IndexCastOp::create(b, b.getI64Type(), key),
            rowPositions[firstRow + i]);
      }
      for (auto [c, chunk] : llvm::enumerate(chunks)) {
        Value old = carried[i * chunks.size() + c];
        Value added = b.fma(b.broadcast(p, chunk.width), values[c], old);
        next.push_back(masked ? b.select(visible, added, old) : added);
      }
    }
    return next;
  };
  if (masked) {
    // No further than the last slot: the cache may end within the block.
    Value count = b.minIndex(
        b.index(kSlotBlock),
        arith::SubIOp::create(b, b.index(shape.slots), firstKey));
    sums = b.loop(b.index(0), count, 1, sums, step);
  } else {
    sums = b.loop(b.index(0), b.index(kSlotBlock), 1, sums, step);
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (auto [c, chunk] : llvm::enumerate(chunks)) {
      b.store(sums[i * chunks.size() + c], accumulator,
              {b.index(firstRow + i), b.index(chunk.offset)});
    }
  }
}

void AttentionBuilder::buildOutput(int64_t rows) {
  for (int64_t i = 0; i < rows; ++i) {
    Value total = b.loadScalar(sum, b.index(i));
    Value isEmpty =
        b.compare(arith::CmpFPredicate::OEQ, total, b.f32(0.0));
    Value factor =
        b.select(isEmpty, b.f32(0.0), b.div(b.f32(1.0), total));
    const Row &row = tileRows[i];
    b.forEachChunk(shape.valueDim, [&](Value e, int64_t width) {
      Value value = b.load(accumulator, {b.index(i), e}, width);
      b.store(b.mul(value, b.broadcast(factor, width)), out,
              {batchRow, row.s, row.head, e});
    });
  }
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
