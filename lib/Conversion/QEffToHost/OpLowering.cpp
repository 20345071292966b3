// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernel that each op becomes, and its operands.

#include "FunctionLowering.h"

using namespace qeff;
using namespace qeff::host;

LogicalResult FunctionLowering::lower(EmbeddingOp op) {
  FailureOr<Place> ids = get(op.getIds(), op);
  Value table = op.getTable();
  if (failed(ids) || failed(checkTable(table, op))) {
    return failure();
  }
  // A tied table is there as panels; its bytes exist once.
  bool tied = weights.isLinear(table);
  FailureOr<int64_t> offset = tied ? weights.placePanels(table, op.getLoc())
                                   : weights.placeRows(table, op.getLoc());
  if (failed(offset)) {
    return failure();
  }
  int64_t rows = getTensor(op.getIds()).getNumElements();
  int64_t channels = getSize(table, 1);
  FloatType type = weights.getElementType(table);
  launch(op,
         kernels.embedding(rows, getSize(table, 0), channels, type,
                           tied ? TableLayout::Panels : TableLayout::Rows),
         {*ids, {Segment::Weights, *offset}, getDestination(op)},
         rows * channels * (type.getWidth() / 8));
  return success();
}

LogicalResult FunctionLowering::lower(LinearOp op) {
  FailureOr<Place> input = get(op.getInput(), op);
  Value weight = op.getWeight();
  if (failed(input) || failed(checkTable(weight, op))) {
    return failure();
  }
  FailureOr<int64_t> panels = weights.placePanels(weight, op.getLoc());
  if (failed(panels)) {
    return failure();
  }
  SmallVector<Place, 4> operands{*input, {Segment::Weights, *panels}};
  FloatType type = weights.getElementType(weight);
  int64_t n = getSize(weight, 0);
  int64_t k = getSize(weight, 1);
  int64_t bytes = static_cast<int64_t>(llvm::divideCeil(n, kPanelWidth)) *
                  kPanelWidth * k * (type.getWidth() / 8);
  if (Value bias = op.getBias()) {
    FailureOr<Place> place = placeF32(bias, op);
    if (failed(place)) {
      return failure();
    }
    operands.push_back(*place);
    bytes += n * 4;
  }
  operands.push_back(getDestination(op));
  launch(op,
         kernels.linear(getNumRows(op.getInput()), n, k, type,
                        /*bias=*/static_cast<bool>(op.getBias())),
         operands, bytes);
  return success();
}

LogicalResult FunctionLowering::lower(LoRAOp op) {
  FailureOr<Place> input = get(op.getInput(), op);
  FailureOr<Place> base = get(op.getBase(), op);
  if (failed(input) || failed(base)) {
    return failure();
  }
  const AdapterTable::Target &target = adapters[op];
  const AdapterTable::Part &part =
      target.parts.find(static_cast<int64_t>(op.getRow()))->second;
  int64_t capacity = adapters.getCapacity();
  int64_t rows = getNumRows(op.getInput());
  Place header{Segment::Adapter, target.header};
  // Parts of a fused module share it.
  auto [entry, isNew] =
      shrunk.try_emplace({getRoot(op.getInput()), target.header});
  if (isNew) {
    std::optional<int64_t> bytes = getAdapterABytes(capacity, rows);
    if (!bytes) {
      return op.emitOpError("expects activations of less than 2^63 bytes, got ")
             << rows << " rows of " << capacity << " ranks";
    }
    entry->second = {Segment::Arena, static_cast<int64_t>(bufferBytes.size())};
    bufferBytes.push_back(*bytes);
    launch(op, kernels.loraShrink(rows, target.in, capacity),
           {*input, header, {Segment::Adapter, target.a}, entry->second},
           kAdapterHeaderBytes +
               getAdapterABytes(capacity, target.in).value_or(0));
  }
  SmallVector<Place, 5> operands{
      entry->second, header, {Segment::Adapter, part.offset}, *base};
  Place result = getDestination(op, op.getBase());
  bool inPlace = result == *base;
  if (!inPlace) {
    operands.push_back(result);
  }
  launch(op, kernels.loraExpand(rows, part.size, capacity, inPlace), operands,
         kAdapterHeaderBytes +
             getAdapterPartBytes(capacity, part.size).value_or(0));
  return success();
}

LogicalResult FunctionLowering::lower(RMSNormOp op) {
  FailureOr<Place> input = get(op.getInput(), op);
  FailureOr<Place> weight = placeF32(op.getWeight(), op);
  if (failed(input) || failed(weight)) {
    return failure();
  }
  int64_t channels = getLastSize(op.getInput());
  launch(op,
         kernels.rmsNorm(getNumRows(op.getInput()), channels,
                         op.getEps().convertToDouble()),
         {*input, *weight, getDestination(op, op.getInput())}, channels * 4);
  return success();
}

LogicalResult FunctionLowering::lower(LayerNormOp op) {
  FailureOr<Place> input = get(op.getInput(), op);
  if (failed(input)) {
    return failure();
  }
  SmallVector<Place, 4> operands{*input};
  int64_t channels = getLastSize(op.getInput());
  int64_t bytes = 0;
  for (Value weight : {op.getWeight(), op.getBias()}) {
    if (!weight) {
      continue;
    }
    FailureOr<Place> place = placeF32(weight, op);
    if (failed(place)) {
      return failure();
    }
    operands.push_back(*place);
    bytes += channels * 4;
  }
  operands.push_back(getDestination(op, op.getInput()));
  launch(op,
         kernels.layerNorm(getNumRows(op.getInput()), channels,
                           op.getEps().convertToDouble(),
                           static_cast<bool>(op.getWeight()),
                           static_cast<bool>(op.getBias())),
         operands, bytes);
  return success();
}

LogicalResult FunctionLowering::lower(RopeOp op) {
  FailureOr<Place> input = get(op.getInput(), op);
  FailureOr<Place> positions = get(op.getPositions(), op);
  if (failed(input) || failed(positions)) {
    return failure();
  }
  // Only positions that have a slot occur where there is a cache.
  int64_t count = ropePositions.lookup(op.getPositions());
  if (count == 0) {
    count = op.getMaxPosition();
  }
  int64_t rotaryDim = op.getRotaryDim();
  FailureOr<int64_t> table = weights.placeRopeTable(
      op.getTheta().convertToDouble(), op.getMaxPosition(),
      op.getScalingAttr(), count, rotaryDim, op.getLoc());
  if (failed(table)) {
    return failure();
  }
  int64_t rows = getTensor(op.getPositions()).getNumElements();
  launch(op,
         kernels.rope(rows, getSize(op.getInput(), 1),
                      getSize(op.getInput(), 3), rotaryDim, count,
                      op.getStyle()),
         {*input, *positions, {Segment::Weights, *table},
          getDestination(op, op.getInput())},
         rows * rotaryDim * 4);
  return success();
}

LogicalResult FunctionLowering::lower(AddOp op) {
  FailureOr<Place> lhs = get(op.getLhs(), op);
  FailureOr<Place> rhs = get(op.getRhs(), op);
  if (failed(lhs) || failed(rhs)) {
    return failure();
  }
  launch(op, kernels.add(getTensor(op.getResult()).getNumElements()),
         {*lhs, *rhs, getDestination(op, op->getOperands())}, 0);
  return success();
}

LogicalResult FunctionLowering::lower(MulOp op) {
  FailureOr<Place> lhs = get(op.getLhs(), op);
  FailureOr<Place> rhs = get(op.getRhs(), op);
  if (failed(lhs) || failed(rhs)) {
    return failure();
  }
  launch(op, kernels.mul(getTensor(op.getResult()).getNumElements()),
         {*lhs, *rhs, getDestination(op, op->getOperands())}, 0);
  return success();
}

LogicalResult FunctionLowering::launchMap(Operation *op, Kernel kernel) {
  Value input = op->getOperand(0);
  FailureOr<Place> place = get(input, op);
  if (failed(place)) {
    return failure();
  }
  launch(op, kernel, {*place, getDestination(op, input)}, 0);
  return success();
}

LogicalResult FunctionLowering::lower(ScaleOp op) {
  return launchMap(op, kernels.scale(getTensor(op.getResult()).getNumElements(),
                                     op.getFactor().convertToDouble()));
}

LogicalResult FunctionLowering::lower(OffsetOp op) {
  return launchMap(op,
                   kernels.offset(getTensor(op.getResult()).getNumElements(),
                                  op.getValue().convertToDouble()));
}

LogicalResult FunctionLowering::lower(SoftcapOp op) {
  return launchMap(op,
                   kernels.softcap(getTensor(op.getResult()).getNumElements(),
                                   op.getCap().convertToDouble()));
}

LogicalResult FunctionLowering::lower(ActivateOp op) {
  return launchMap(op,
                   kernels.activate(getTensor(op.getResult()).getNumElements(),
                                    op.getKind()));
}

LogicalResult FunctionLowering::lower(GateOp op) {
  FailureOr<Place> gate = get(op.getGate(), op);
  FailureOr<Place> up = get(op.getUp(), op);
  if (failed(gate) || failed(up)) {
    return failure();
  }
  launch(op,
         kernels.gate(getTensor(op.getResult()).getNumElements(),
                      op.getKind()),
         {*gate, *up, getDestination(op, op->getOperands())}, 0);
  return success();
}

LogicalResult FunctionLowering::lower(ClipOp op) {
  if (op.getKeepNegativeInfinity()) {
    return op.emitOpError("expects no 'keep_negative_infinity' on an "
                          "activation of the host");
  }
  return launchMap(op,
                   kernels.clip(getTensor(op.getResult()).getNumElements(),
                                op.getMin().convertToDouble(),
                                op.getMax().convertToDouble()));
}

LogicalResult FunctionLowering::lower(IotaOp op) {
  launch(op,
         kernels.positions(getSize(op.getResult(), 0),
                           getSize(op.getResult(), 1), /*mask=*/false),
         getDestination(op), 0);
  return success();
}

LogicalResult FunctionLowering::lower(MaskPositionsOp op) {
  FailureOr<Place> mask = get(op.getMask(), op);
  if (failed(mask)) {
    return failure();
  }
  launch(op,
         kernels.positions(getSize(op.getResult(), 0),
                           getSize(op.getResult(), 1), /*mask=*/true),
         {*mask, getDestination(op)}, 0);
  return success();
}

LogicalResult FunctionLowering::lower(PoolOp op) {
  FailureOr<Place> input = get(op.getInput(), op);
  if (failed(input)) {
    return failure();
  }
  SmallVector<Place, 3> operands{*input};
  if (op.getPositions()) {
    FailureOr<Place> positions = get(op.getPositions(), op);
    if (failed(positions)) {
      return failure();
    }
    operands.push_back(*positions);
  }
  operands.push_back(getDestination(op));
  int64_t batch = getSize(op.getInput(), 0), seqLen = getSize(op.getInput(), 1),
          c = getSize(op.getInput(), 2);
  Kernel kernel;
  if (op.getKind() == Pool::Last) {
    kernel = kernels.logitsSelect(batch, seqLen, c);
  } else if (op.getKind() == Pool::CLS) {
    kernel = kernels.selectFirst(batch, seqLen, c);
  } else {
    kernel = kernels.pool(batch, seqLen, c, op.getKind(),
                          static_cast<bool>(op.getPositions()));
  }
  launch(op, kernel, operands, 0);
  return success();
}

LogicalResult FunctionLowering::lower(LogitsSelectOp op) {
  FailureOr<Place> input = get(op.getInput(), op);
  FailureOr<Place> positions = get(op.getPositions(), op);
  if (failed(input) || failed(positions)) {
    return failure();
  }
  launch(op,
         kernels.logitsSelect(getSize(op.getInput(), 0),
                              getSize(op.getInput(), 1),
                              getSize(op.getInput(), 2)),
         {*input, *positions, getDestination(op)}, 0);
  return success();
}

LogicalResult FunctionLowering::lower(CacheWriteOp op) {
  auto argument = dyn_cast<BlockArgument>(op.getCache());
  if (!argument || !function.getArgAttr(argument.getArgNumber(), kStateAttr)) {
    return op.emitOpError("expects to write to a state of the function");
  }
  FailureOr<Place> update = get(op.getUpdate(), op);
  FailureOr<Place> positions = get(op.getPositions(), op);
  if (failed(update) || failed(positions)) {
    return failure();
  }
  auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                    kNameAttr);
  ArrayRef<int64_t> shape = getTensor(op.getCache()).getShape();
  StateLayout layout = states[name].layout;
  launch(op,
         kernels.cacheWrite(shape[0], getSize(op.getUpdate(), 2), shape[1],
                            shape[2], shape[3], layout),
         {*update, *positions, places.lookup(op.getCache())}, 0);
  return success();
}
