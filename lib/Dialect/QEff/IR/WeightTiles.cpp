// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// StreamableOpInterface of the lazy weight ops.

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;

Tile TransposeOp::getOperandTile(unsigned index, const Tile &tile) { return tile; }
LogicalResult TransposeOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  return failure();
}

Tile ReshapeOp::getOperandTile(unsigned index, const Tile &tile) { return tile; }
LogicalResult ReshapeOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  return failure();
}

Tile PermuteRowsOp::getOperandTile(unsigned index, const Tile &tile) { return tile; }
LogicalResult PermuteRowsOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  return failure();
}

Tile SliceOp::getOperandTile(unsigned index, const Tile &tile) { return tile; }
LogicalResult SliceOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  return failure();
}

Tile ConcatOp::getOperandTile(unsigned index, const Tile &tile) { return tile; }
LogicalResult ConcatOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  return failure();
}

Tile CastOp::getOperandTile(unsigned index, const Tile &tile) { return tile; }
LogicalResult CastOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  return failure();
}

Tile ClipOp::getOperandTile(unsigned index, const Tile &tile) { return tile; }
LogicalResult ClipOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  return failure();
}

Tile RopeTableOp::getOperandTile(unsigned index, const Tile &tile) { return tile; }
LogicalResult RopeTableOp::computeTile(ArrayRef<ConstTileBuffer> operands,
                                  TileBuffer result) {
  return failure();
}
