// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scores of attention: which keys a row sees, and their probabilities.

#include "Attention.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <limits>

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;
using Predicate = mlir::arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Visibility
//===----------------------------------------------------------------------===//

/// The blocks that some row of the tile may see: from the first to before the
/// second.
std::pair<Value, Value> AttentionBuilder::getBlocks() {
  Value first = b.index(0);
  if (!options.cached) {
    return {first, b.index(llvm::divideCeil(shape.slots, kSlotBlock))};
  }
  if (options.window > 0) {
    // No row at all: then the end is 0, whatever the beginning.
    Value key = arith::MaxSIOp::create(
        b, subI64(leastSeen, options.window - 1), b.i64(0));
    first = b.divIndex(b.toIndex(key), kSlotBlock);
  }
  Value numKeys = b.toIndex(arith::AddIOp::create(
      b, arith::MaxSIOp::create(b, most, b.i64(-1)), b.i64(1)));
  return {first,
          b.divIndex(b.addIndex(numKeys, kSlotBlock - 1), kSlotBlock)};
}

/// Puts the positions of the block's keys into their buffer, −1 beyond the last
/// key.
void AttentionBuilder::buildKeyPositions(Value block) {
  Value highest = b.i64(std::numeric_limits<int64_t>::max());
  Value firstKey = b.mulIndex(block, kSlotBlock);
  SmallVector<Value> range = b.loop(
      b.index(0), b.index(kSlotBlock), 1, {highest, b.i64(-1), highest},
      [&](Value j, ValueRange carried) -> SmallVector<Value> {
        Value key = b.addIndex(firstKey, j);
        Value last = b.index(shape.slots - 1);
        Value isThere = b.compare(Predicate::ule, key, last);
        Value position = b.select(
            isThere,
            b.loadScalar(kvPositions, {batchRow, b.minIndex(key, last)}),
            b.i64(-1));
        b.storeScalar(position, keyPositions, j);
        Value isSeen = b.compare(Predicate::sge, position, b.i64(0));
        return {arith::MinSIOp::create(b, carried[0], position),
                arith::MaxSIOp::create(b, carried[1], position),
                arith::MinSIOp::create(
                    b, carried[2], b.select(isSeen, position, highest))};
      });
  leastKey = range[0], mostKey = range[1], leastSeenKey = range[2];
}

static Value both(KernelBuilder &b, Value x, Value y) {
  return x ? arith::AndIOp::create(b, x, y).getResult() : y;
}

/// Whether some row of the tile may see some key of the block, where keys are
/// not cached.
Value AttentionBuilder::isBlockVisible() {
  Value visible = b.compare(Predicate::sge, mostKey, b.i64(0));
  if (options.causal) {
    visible =
        both(b, visible, b.compare(Predicate::sle, leastSeenKey, most));
  }
  if (options.window > 0) {
    visible = both(b, visible,
                   b.compare(Predicate::sgt, mostKey,
                             subI64(leastSeen, options.window)));
  }
  return visible;
}

/// Whether every row of the tile sees every key of the block.
Value AttentionBuilder::isBlockUnmasked(Value block) {
  Value first = leastKey, last = mostKey, unmasked;
  if (options.cached) {
    Value key = b.mulIndex(block, kSlotBlock);
    first = options.window > 0 ? toI64(key) : Value();
    last = toI64(b.addIndex(key, kSlotBlock - 1));
  } else {
    unmasked = b.compare(Predicate::sge, first, b.i64(0));
  }
  if (options.causal) {
    unmasked = both(b, unmasked, b.compare(Predicate::sle, last, least));
  }
  if (options.window > 0) {
    unmasked = both(b, unmasked,
                    b.compare(Predicate::sgt, first,
                              subI64(most, options.window)));
  }
  return unmasked;
}

/// Whether a query at `position` sees a key at `key`; `first` is position −
/// window. Scalars or vectors.
Value AttentionBuilder::isVisible(Value key, Value position, Value first) {
  Value visible;
  if (!options.cached) {
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(key.getType()));
    visible = b.compare(Predicate::sge, key, zero);
  }
  if (options.causal) {
    visible = both(b, visible, b.compare(Predicate::sle, key, position));
  }
  if (options.window > 0) {
    visible = both(b, visible, b.compare(Predicate::sgt, key, first));
  }
  return visible;
}

Value AttentionBuilder::getKeyPosition(Value key, Value j) {
  return options.cached ? toI64(key) : b.loadScalar(keyPositions, j);
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// The positions of the block's keys, as i64 vectors.
SmallVector<Value> AttentionBuilder::getKeyVectors(Value block) {
  auto i64Vector = mlir::VectorType::get({lanes}, b.getI64Type());
  Value firstKey =
      options.cached ? toI64(b.mulIndex(block, kSlotBlock)) : Value();
  SmallVector<Value> keys;
  for (int64_t j = 0; j < kSlotBlock; j += lanes) {
    if (!options.cached) {
      keys.push_back(mlir::vector::LoadOp::create(b, i64Vector, keyPositions,
                                                  ValueRange{b.index(j)}));
      continue;
    }
    SmallVector<int64_t> offsets;
    for (int64_t i = 0; i < lanes; ++i) {
      offsets.push_back(j + i);
    }
    Value offset = arith::ConstantOp::create(
        b, DenseElementsAttr::get(i64Vector, ArrayRef<int64_t>(offsets)));
    keys.push_back(
        arith::AddIOp::create(b, b.broadcast(firstKey, lanes), offset));
  }
  return keys;
}

/// Turns scores into probabilities relative to the new maximum.
void AttentionBuilder::buildSoftmax(int64_t rows, Value block) {
  SmallVector<Value> keys = getKeyVectors(block);
  forEachRow(rows, [&](Value row) {
    Value total = buildProbabilities(row, keys, block);
    Value factor = b.exp(b.broadcast(b.loadScalar(correction, row), lanes));
    factor = b.extractScalar(factor, 0);
    b.storeScalar(factor, correction, row);
    b.storeScalar(b.add(b.mul(b.loadScalar(sum, row), factor), total), sum,
                  row);
  });
}

/// What is added to the scaled product; all but the bias.
Value AttentionBuilder::buildScore(Value score, Value row, Value key,
                                   Value position) {
  if (options.softcap > 0) {
    Value capped =
        b.tanh(b.mul(score, b.splat(lanes, options.scale / options.softcap)));
    score = b.mul(capped, b.splat(lanes, options.softcap));
  } else {
    score = b.mul(score, b.splat(lanes, options.scale));
  }
  if (options.slopes) {
    Value distance = arith::SubIOp::create(b, key, position);
    distance = arith::TruncIOp::create(b, b.vecI32(lanes), distance);
    distance = arith::SIToFPOp::create(b, b.vec(lanes), distance);
    score = b.fma(b.broadcast(b.loadScalar(rowSlope, row), lanes), distance,
                  score);
  }
  return score;
}

std::pair<Value, SmallVector<Value>> AttentionBuilder::getBias(Value row,
                                                               Value block) {
  auto [s, head] = getPlace(row);
  SmallVector<Value> place{options.biasBatch == 1 ? b.index(0) : batchRow,
                           options.biasHeads == 1 ? b.index(0) : head, s};
  Value firstKey = b.mulIndex(block, kSlotBlock);
  if (!biasRow) {
    place.push_back(firstKey);
    return {bias, place};
  }
  Value count = b.minIndex(
      b.index(kSlotBlock),
      arith::SubIOp::create(b, b.index(shape.slots), firstKey));
  b.loop(b.index(0), count, 1, [&](Value j) {
    SmallVector<Value> element = place;
    element.push_back(b.addIndex(firstKey, j));
    b.storeScalar(b.loadScalar(bias, element), biasRow, j);
  });
  return {biasRow, {b.index(0)}};
}

Value AttentionBuilder::buildProbabilities(Value row, ArrayRef<Value> keys,
                                           Value block) {
  Value scalar = b.loadScalar(rowPosition, row);
  Value position = b.broadcast(scalar, lanes);
  Value first =
      options.window > 0
          ? b.broadcast(subI64(scalar, options.window), lanes)
          : Value();
  std::pair<Value, SmallVector<Value>> added;
  if (options.biasBatch > 0) {
    added = getBias(row, block);
  }
  SmallVector<Value> scores;
  Value blockMaximum;
  for (auto [j, key] : llvm::enumerate(keys)) {
    Value score = b.load(probability, {row, b.index(j * lanes)}, lanes);
    score = buildScore(score, row, key, position);
    if (added.first) {
      SmallVector<Value> place = added.second;
      place.back() = b.addIndex(place.back(), j * lanes);
      score = b.add(score, b.load(added.first, place, lanes));
    }
    score = b.select(
        isVisible(key, position, first), score,
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
