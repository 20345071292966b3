// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention with an online softmax (Milakov and Gimelshein 2018,
// arXiv:1805.02867) over blocks of 16 keys: the slots of a cache, or the keys
// of the same call, each with its position.
//
// A tile is a run of query rows of one (batch row, key/value head): row i is
// position i / R and query head i % R of the R heads that share the keys, so
// keys and values are loaded once for all rows. Scores are a product of
// [rows, D] and [D, 16], their sum with the values one of [rows, 16] and
// [16, E]; both go through register tiles as in a linear layer.
//
// A row's bits do not depend on the rows beside it: an element is one chain of
// fused multiply-adds in ascending order, and keys that a row does not see
// leave its accumulators as they are, whatever the slots hold. Blocks that no
// row of the tile sees are skipped, which changes nothing either.

#include "Attention.h"

#include <limits>

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;

void AttentionBuilder::takeOperands() {
  unsigned next = 0;
  auto take = [&](bool isThere) { return isThere ? b.arg(next++) : Value(); };
  q = take(true), k = take(true), v = take(true), positions = take(true);
  kvPositions = take(!options.cached);
  slope = take(options.slopes);
  sink = take(options.sinks);
  bias = take(options.biasBatch > 0);
  out = take(true);
}

void AttentionBuilder::allocateBuffers() {
  int64_t size = getTileRows(shape), padded = pad(size, lanes);
  Type f32 = b.getF32Type();
  query = b.allocate({size, shape.headDim}, f32);
  probability = b.allocate({size, kSlotBlock}, f32);
  accumulator = b.allocate({size, shape.valueDim}, f32);
  rowPosition = b.allocate({size}, b.getI64Type());
  rowSlope = options.slopes ? b.allocate({size}, f32) : Value();
  maximum = b.allocate({padded}, f32);
  sum = b.allocate({padded}, f32);
  correction = b.allocate({padded}, f32);
  if (!options.cached) {
    keyPositions = b.allocate({kSlotBlock}, b.getI64Type());
  }
  if (options.biasBatch > 0 && shape.slots % kSlotBlock != 0) {
    biasRow = b.allocate({kSlotBlock}, f32);
  }
}

void AttentionBuilder::build() {
  takeOperands();
  allocateBuffers();
  int64_t rows = getRows(shape), size = getTileRows(shape);
  int64_t perGroup = llvm::divideCeil(rows, size), tail = rows % size;
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
  auto [first, last] = getBlocks();
  b.loop(first, last, 1, [&](Value block) {
    if (options.cached) {
      buildBlock(rows, block);
      return;
    }
    buildKeyPositions(block);
    b.ifThen(isBlockVisible(), [&] { buildBlock(rows, block); });
  });
  buildOutput(rows);
}

/// What a row starts from: its position, its query, no value, and its sink as
/// the only score.
void AttentionBuilder::buildRow(Value row, Value s, Value head) {
  if (options.slopes) {
    b.storeScalar(b.loadScalar(slope, head), rowSlope, row);
  }
  if (options.sinks) {
    b.storeScalar(b.loadScalar(sink, head), maximum, row);
    b.storeScalar(b.f32(1.0), sum, row);
  }
  b.forEachChunk(shape.headDim, [&](Value d, int64_t width) {
    b.store(b.load(q, {batchRow, s, head, d}, width), query, {row, d});
  });
  b.forEachChunk(shape.valueDim, [&](Value e, int64_t width) {
    b.store(b.splat(width, 0.0), accumulator, {row, e});
  });
}

void AttentionBuilder::buildSetup(int64_t rows) {
  for (int64_t i = 0; i < pad(rows, lanes); i += lanes) {
    b.store(b.splat(lanes, kLowest), maximum, b.index(i));
    b.store(b.splat(lanes, 0.0), sum, b.index(i));
    b.store(b.splat(lanes, 0.0), correction, b.index(i));
  }
  Value highest = b.i64(std::numeric_limits<int64_t>::max());
  SmallVector<Value> range = b.loop(
      b.index(0), b.index(rows), 1,
      {options.cached ? b.i64(shape.slots) : highest, b.i64(-1), highest},
      [&](Value row, ValueRange carried) -> SmallVector<Value> {
        auto [s, head] = getPlace(row);
        Value position = b.loadScalar(positions, {batchRow, s});
        if (options.cached) {
          position =
              arith::MinSIOp::create(b, position, b.i64(shape.slots - 1));
        }
        b.storeScalar(position, rowPosition, row);
        buildRow(row, s, head);
        Value isSeen =
            b.compare(arith::CmpIPredicate::sge, position, b.i64(0));
        Value seen = b.select(isSeen, position, highest);
        return {arith::MinSIOp::create(b, carried[0], position),
                arith::MaxSIOp::create(b, carried[1], position),
                arith::MinSIOp::create(b, carried[2], seen)};
      });
  least = range[0], most = range[1], leastSeen = range[2];
}

void AttentionBuilder::buildBlock(int64_t rows, Value block) {
  forEachRun(rows, getBudget() / (kSlotBlock / lanes),
             [&](Value row, int64_t count) { buildScores(row, count, block); });
  buildSoftmax(rows, block);
  b.ifThen(isBlockUnmasked(block),
           [&] { buildValues(rows, block, /*masked=*/false); },
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

Value AttentionBuilder::loadValues(Value key, Chunk chunk) {
  Value channel = b.index(chunk.offset);
  return options.cached
             ? b.load(v, {batchRow, group, key, channel}, chunk.width)
             : b.load(v, {batchRow, key, group, channel}, chunk.width);
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
          values.push_back(loadValues(key, chunk));
        }
        for (int64_t i = 0; i < rows; ++i) {
          Value row = b.addIndex(firstRow, i);
          Value p = b.loadScalar(probability, {row, j});
          Value visible;
          if (masked) {
            Value position = b.loadScalar(rowPosition, row);
            Value first = options.window > 0
                              ? subI64(position, options.window)
                              : Value();
            visible = isVisible(getKeyPosition(key, j), position, first);
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

/// Everything that the kernel depends on.
static std::string getName(const AttentionShape &shape,
                           const AttentionOptions &options) {
  std::string name = llvm::formatv(
      "attention_{0}x{1}_{2}h{3}g_{4}x{5}_{6}_{7}{8}", shape.batch,
      shape.seqLen, shape.heads, shape.groups, shape.headDim, shape.valueDim,
      shape.slots, getNumberName(options.scale),
      options.slopes ? "_alibi" : "");
  if (!options.cached) {
    name += options.causal ? "_own_causal" : "_own";
  }
  if (options.window > 0) {
    name += "_w" + std::to_string(options.window);
  }
  if (options.softcap > 0) {
    name += "_cap" + getNumberName(options.softcap);
  }
  if (options.sinks) {
    name += "_sinks";
  }
  if (options.biasBatch > 0) {
    name += llvm::formatv("_bias{0}x{1}", options.biasBatch,
                          options.biasHeads)
                .str();
  }
  return name;
}

static SmallVector<Type> getOperands(MLIRContext *context,
                                     const AttentionShape &shape,
                                     const AttentionOptions &options) {
  Type f32 = mlir::Float32Type::get(context);
  Type i64 = mlir::IntegerType::get(context, 64);
  auto type = [](ArrayRef<int64_t> sizes, Type element) -> Type {
    return mlir::MemRefType::get(sizes, element);
  };
  SmallVector<Type> operands{
      type({shape.batch, shape.seqLen, shape.heads, shape.headDim}, f32),
      getCacheType(context, StateLayout::SlotBlocks, shape.batch, shape.groups,
                   shape.slots, shape.headDim)};
  if (options.cached) {
    operands.push_back(getCacheType(context, StateLayout::RowMajor,
                                    shape.batch, shape.groups, shape.slots,
                                    shape.valueDim));
  } else {
    operands.push_back(type(
        {shape.batch, shape.slots, shape.groups, shape.valueDim}, f32));
  }
  operands.push_back(type({shape.batch, shape.seqLen}, i64));
  if (!options.cached) {
    operands.push_back(type({shape.batch, shape.slots}, i64));
  }
  operands.append(options.slopes + options.sinks, type({shape.heads}, f32));
  if (options.biasBatch > 0) {
    operands.push_back(type({options.biasBatch, options.biasHeads,
                             shape.seqLen, shape.slots},
                            f32));
  }
  operands.push_back(
      type({shape.batch, shape.seqLen, shape.heads, shape.valueDim}, f32));
  return operands;
}

Kernel KernelLibrary::attention(const AttentionShape &shape,
                                const AttentionOptions &options) {
  return getOrBuild(getName(shape, options),
                    getOperands(module.getContext(), shape, options),
                    AttentionBuilder::getTiles(shape),
                    /*inPlace=*/false, [&](KernelBuilder &b) {
                      AttentionBuilder(b, shape, options).build();
                    });
}
