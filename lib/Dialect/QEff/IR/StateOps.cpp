// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the state ops.

#include "TensorTypes.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;

LogicalResult CacheWriteOp::verify() {
  RankedTensorType cache = getTensorType(getCache());
  RankedTensorType positions = getTensorType(getPositions());
  RankedTensorType update = getTensorType(getUpdate());
  // (C1)
  if (cache.getRank() != 4 || positions.getRank() != 2 ||
      update.getRank() != 4 ||
      !agree(cache.getDimSize(0), update.getDimSize(0)) ||
      !agree(cache.getDimSize(0), positions.getDimSize(0)) ||
      cache.getDimSize(1) != update.getDimSize(1) ||
      cache.getDimSize(3) != update.getDimSize(3) ||
      !agree(positions.getDimSize(0), update.getDimSize(0)) ||
      !agree(positions.getDimSize(1), update.getDimSize(2)) ||
      cache.getElementType() != update.getElementType()) {
    return emitOpError("expects cache [B, G, L, D], positions [B, S] and "
                       "update [B, G, S, D], got ")
           << cache << ", " << positions << ", " << update;
  }
  // (C2)
  for (Operation *user : getCache().getUsers()) {
    auto other = dyn_cast<CacheWriteOp>(user);
    if (other && other != *this && other.getCache() == getCache()) {
      InFlightDiagnostic diagnostic =
          emitOpError("expects to be the only writer of its cache");
      diagnostic.attachNote(other.getLoc()) << "other writer here";
      return diagnostic;
    }
  }
  return success();
}

LogicalResult CachePositionsOp::verify() {
  RankedTensorType positions = getTensorType(getPositions());
  RankedTensorType result = getTensorType(getResult());
  // (C1)
  if (positions.getRank() != 2 || result.getRank() != 2 ||
      !agree(positions.getDimSize(0), result.getDimSize(0))) {
    return emitOpError("expects positions [B, S] and a result [B, L], got ")
           << positions << " and " << result;
  }
  return success();
}

LogicalResult
CachePositionsOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // (C2)
  if (!symbolTable.lookupNearestSymbolFrom<DimOp>(*this, getSlotsAttr())) {
    return emitOpError("expects slots to name a qeff.dim, got ")
           << getSlotsAttr();
  }
  return success();
}

LogicalResult CacheReadOp::verify() {
  RankedTensorType cache = getTensorType(getCache());
  RankedTensorType positions = getTensorType(getSlotPositions());
  // (C1)
  if (cache.getRank() != 4 || positions.getRank() != 2 ||
      !agree(cache.getDimSize(0), positions.getDimSize(0)) ||
      !agree(cache.getDimSize(2), positions.getDimSize(1))) {
    return emitOpError("expects cache [B, G, L, D] and slot_positions "
                       "[B, L], got ")
           << cache << " and " << positions;
  }
  return success();
}
