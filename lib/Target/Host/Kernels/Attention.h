// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the body of one attention kernel; Attention.cpp says how it works.
#ifndef QEFF_LIB_TARGET_HOST_KERNELS_ATTENTION_H
#define QEFF_LIB_TARGET_HOST_KERNELS_ATTENTION_H

#include "KernelBuilder.h"

namespace qeff::host {

class AttentionBuilder {
public:
  AttentionBuilder(KernelBuilder &b, const AttentionShape &shape,
                   const AttentionOptions &options)
      : b(b), shape(shape), options(options),
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

  /// Query rows of a tile, where there are enough.
  static constexpr int64_t kMaxTileRows = 12;

  void takeOperands();
  void allocateBuffers();
  void buildTile(int64_t rows);
  void buildSetup(int64_t rows);
  void buildRow(Value row, Value s, Value head);
  void buildBlock(int64_t rows, Value block);
  void buildScores(Value firstRow, int64_t rows, Value block);
  void buildValues(int64_t rows, Value block, bool masked);
  void buildValueTile(Value firstRow, int64_t rows, ArrayRef<Chunk> chunks,
                      Value block, bool masked);
  Value loadValues(Value key, Chunk chunk);
  void buildOutput(int64_t rows);

  // Which keys are visible.
  std::pair<Value, Value> getBlocks();
  void buildKeyPositions(Value block);
  Value isBlockVisible();
  Value isBlockUnmasked(Value block);
  Value isVisible(Value key, Value position, Value first);
  /// The position of key `j` of the block, whose number is `key`.
  Value getKeyPosition(Value key, Value j);

  // Scores.
  void buildSoftmax(int64_t rows, Value block);
  SmallVector<Value> getKeyVectors(Value block);
  /// The probabilities of one row; gives their sum.
  Value buildProbabilities(Value row, ArrayRef<Value> keys, Value block);
  Value buildScore(Value score, Value row, Value key, Value position);
  /// Where the bias of a row can be read for this block: a memref and its
  /// leading indices.
  std::pair<Value, SmallVector<Value>> getBias(Value row, Value block);

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
  Value toI64(Value index) {
    return mlir::arith::IndexCastOp::create(b, b.getI64Type(), index);
  }
  Value subI64(Value x, int64_t y) {
    return mlir::arith::SubIOp::create(b, x, b.i64(y));
  }

  /// Accumulators that the register file holds beside the operands.
  int64_t getBudget() const { return b.getLanes() == 16 ? 24 : 12; }

  KernelBuilder &b;
  AttentionShape shape;
  AttentionOptions options;
  int64_t lanes; ///< of a vector of scores
  int64_t heads; ///< query heads per key/value head

  // Operands and, per tile, its place.
  Value q, k, v, positions, kvPositions, slope, sink, bias, out;
  Value batchRow, group, firstRow;
  /// The least and the largest position of the tile's rows, i64, and the least
  /// that is not negative.
  Value least, most, leastSeen;
  // Buffers of the tile: queries [rows][D], probabilities [rows][16],
  // accumulators [rows][E], and per row its position, slope, largest score,
  // sum, and the factor that brings old sums to the new maximum.
  Value query, probability, accumulator;
  Value rowPosition, rowSlope, maximum, sum, correction;
  // Of the block, where keys are not cached: their positions [16], the least,
  // the largest, and the least that is not negative.
  Value keyPositions, leastKey, mostKey, leastSeenKey;
  Value biasRow; ///< [16], where blocks are not whole
};

} // namespace qeff::host

#endif // QEFF_LIB_TARGET_HOST_KERNELS_ATTENTION_H
