// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention to launches: over the states, or over the keys of the same call.

#include "FunctionLowering.h"

using namespace qeff;
using namespace qeff::host;

FailureOr<Place> FunctionLowering::getCache(CacheReadOp read,
                                            Operation *user) {
  Value cache = read.getCache();
  bool isNewest = true;
  if (auto write = cache.getDefiningOp<CacheWriteOp>()) {
    cache = write.getCache();
  } else {
    isNewest = llvm::none_of(cache.getUsers(), llvm::IsaPred<CacheWriteOp>);
  }
  auto argument = dyn_cast<BlockArgument>(cache);
  if (!isNewest || !argument ||
      !function.getArgAttr(argument.getArgNumber(), kStateAttr)) {
    InFlightDiagnostic diagnostic = user->emitOpError(
        "expects a read of the newest value of a state");
    diagnostic.attachNote(read.getLoc()) << "the read is here";
    return diagnostic;
  }
  return places.lookup(cache);
}

/// Whether the kernel reads states and works out which slots are visible.
bool FunctionLowering::readsCaches(AttentionOp op) {
  auto key = op.getK().getDefiningOp<CacheReadOp>();
  auto value = op.getV().getDefiningOp<CacheReadOp>();
  auto slots = op.getKvPos().getDefiningOp<CachePositionsOp>();
  return op.getCausal() && key && value && slots &&
         slots.getPositions() == op.getQPos() &&
         key.getSlotPositions() == op.getKvPos() &&
         value.getSlotPositions() == op.getKvPos();
}

LogicalResult FunctionLowering::addCaches(AttentionOp op,
                                          SmallVectorImpl<Place> &operands) {
  FailureOr<Place> keys =
      getCache(op.getK().getDefiningOp<CacheReadOp>(), op);
  FailureOr<Place> values =
      getCache(op.getV().getDefiningOp<CacheReadOp>(), op);
  FailureOr<Place> positions = get(op.getQPos(), op);
  if (failed(keys) || failed(values) || failed(positions)) {
    return failure();
  }
  operands.append({*keys, *values, *positions});
  return success();
}

LogicalResult FunctionLowering::addOwnKeys(AttentionOp op,
                                           SmallVectorImpl<Place> &operands) {
  for (Value value : {op.getK(), op.getV(), op.getKvPos()}) {
    if (isa_and_present<CacheReadOp, CachePositionsOp>(value.getDefiningOp())) {
      return op.emitOpError("expects a causal attention over cached keys and "
                            "values, read by the slots of the same positions, "
                            "or one without caches");
    }
  }
  FailureOr<Place> keys = get(op.getK(), op);
  FailureOr<Place> values = get(op.getV(), op);
  FailureOr<Place> positions = get(op.getQPos(), op);
  FailureOr<Place> keyPositions = get(op.getKvPos(), op);
  if (failed(keys) || failed(values) || failed(positions) ||
      failed(keyPositions)) {
    return failure();
  }
  RankedTensorType type = getTensor(op.getK());
  std::optional<int64_t> bytes = getStateSize(type, StateLayout::SlotBlocks);
  if (!bytes) {
    return op.emitOpError("expects keys of less than 2^63 bytes, got ") << type;
  }
  Place packed = addBuffer(*bytes);
  launch(op,
         kernels.packKeys(type.getDimSize(0), type.getDimSize(2),
                          type.getDimSize(1), type.getDimSize(3)),
         {*keys, packed}, 0);
  operands.append({packed, *values, *positions, *keyPositions});
  return success();
}

/// The bias, row-major.
FailureOr<Place> FunctionLowering::getBias(AttentionOp op) {
  Value bias = op.getBias();
  if (weights.isWeight(bias)) {
    return placeF32(bias, op);
  }
  if (!getTensor(bias).getElementType().isF32()) {
    return op.emitOpError("expects a bias of f32, got ") << bias.getType();
  }
  FailureOr<Place> place = getStored(getRoot(bias), op);
  if (failed(place) || !isHeadsSecond(bias)) {
    return place;
  }
  return swapHeads(bias, *place, op);
}

LogicalResult
FunctionLowering::addScoreTerms(AttentionOp op,
                                SmallVectorImpl<Place> &operands) {
  for (Value perHead : {op.getSlopes(), op.getSinks()}) {
    if (!perHead) {
      continue;
    }
    FailureOr<Place> place = placeF32(perHead, op);
    if (failed(place)) {
      return failure();
    }
    operands.push_back(*place);
  }
  if (op.getBias()) {
    FailureOr<Place> place = getBias(op);
    if (failed(place)) {
      return failure();
    }
    operands.push_back(*place);
  }
  return success();
}

static AttentionShape getShape(AttentionOp op) {
  AttentionShape shape;
  shape.batch = getSize(op.getQ(), 0);
  shape.heads = getSize(op.getQ(), 1);
  shape.seqLen = getSize(op.getQ(), 2);
  shape.headDim = getSize(op.getQ(), 3);
  shape.groups = getSize(op.getK(), 1);
  shape.slots = getSize(op.getK(), 2);
  shape.valueDim = getSize(op.getV(), 3);
  return shape;
}

static AttentionOptions getOptions(AttentionOp op, bool cached) {
  AttentionOptions options;
  options.scale = op.getScale().convertToDouble();
  options.cached = cached;
  options.causal = op.getCausal();
  options.window = op.getWindow().value_or(0);
  if (std::optional<llvm::APFloat> softcap = op.getSoftcap()) {
    options.softcap = softcap->convertToDouble();
  }
  options.slopes = static_cast<bool>(op.getSlopes());
  options.sinks = static_cast<bool>(op.getSinks());
  if (Value bias = op.getBias()) {
    options.biasBatch = getSize(bias, 0);
    options.biasHeads = getSize(bias, 1);
  }
  return options;
}

LogicalResult FunctionLowering::lower(AttentionOp op) {
  FailureOr<Place> query = get(op.getQ(), op);
  if (failed(query)) {
    return failure();
  }
  SmallVector<Place, 8> operands{*query};
  bool cached = readsCaches(op);
  if (failed(cached ? addCaches(op, operands) : addOwnKeys(op, operands)) ||
      failed(addScoreTerms(op, operands))) {
    return failure();
  }
  operands.push_back(getDestination(op));
  launch(op, kernels.attention(getShape(op), getOptions(op, cached)), operands,
         getStateSize(getTensor(op.getK()), StateLayout::SlotBlocks)
                 .value_or(0) +
             getBytes(op.getV()));
  return success();
}
