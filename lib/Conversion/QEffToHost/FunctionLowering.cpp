// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One specialized function to launches: inputs and outputs get their places,
// every op becomes one kernel call (or none, where it is a view or part of
// another op's kernel), then the arena is planned and offsets are filled in.

#include "FunctionLowering.h"

#include "qeff/Conversion/QEffToHost/ArenaPlanner.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace qeff;
using namespace qeff::host;
using mlir::func::ReturnOp;

/// The operand whose memory the result of `op` is, or null.
static Value getViewSource(Operation *op) {
  if (isa<SplitHeadsOp>(op)) {
    return op->getOperand(0);
  }
  if (isa<MergeHeadsOp>(op)) {
    return isHeadsSecond(op->getOperand(0)) ? op->getOperand(0) : Value();
  }
  if (Value source = getOperatorView(op)) {
    return isHeadsSecond(source) ? Value() : source;
  }
  // Of one position, that one is the last.
  if (auto select = dyn_cast<LogitsSelectOp>(op)) {
    return getSize(select.getInput(), 1) == 1 ? select.getInput() : Value();
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Inputs, outputs, state
//===----------------------------------------------------------------------===//

FailureOr<IOAttr> FunctionLowering::placeIO(StringAttr name, Value value,
                                            StringRef what) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  std::optional<int64_t> bytes;
  if (type && !isHeadsSecond(value)) {
    bytes = getDenseBytes(type);
  }
  if (!name || !bytes ||
      *bytes > std::numeric_limits<int64_t>::max() - kAlignment - ioBytes) {
    return function.emitError("expects each ")
           << what << " to have a 'qeff.name' and a static type of floats, "
           << "integers or booleans, got " << value.getType();
  }
  auto io = IOAttr::get(function.getContext(), name, type, ioBytes);
  ioBytes = alignBytes(ioBytes + std::max<int64_t>(*bytes, 1));
  return io;
}

LogicalResult FunctionLowering::placeInputs() {
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    auto name = function.getArgAttrOfType<StringAttr>(index, kNameAttr);
    if (function.getArgAttr(index, kAdapterAttr)) {
      continue;
    }
    if (function.getArgAttr(index, kStateAttr)) {
      places[argument] = {Segment::State, states[name].offset};
      continue;
    }
    FailureOr<IOAttr> io = placeIO(name, argument, "input");
    if (failed(io)) {
      return failure();
    }
    places[argument] = {Segment::IO, io->getOffset()};
    inputs.push_back(*io);
  }
  return success();
}

/// Assigns outputs their places before the ops that compute them are lowered.
LogicalResult FunctionLowering::placeOutputs() {
  auto ret = cast<ReturnOp>(function.getBody().front().getTerminator());
  for (auto [index, value] : llvm::enumerate(ret.getOperands())) {
    auto name = function.getResultAttrOfType<StringAttr>(index, kNameAttr);
    // A state's new value is in place already; an adapter is returned as it is.
    Value state = value;
    if (auto write = value.getDefiningOp<CacheWriteOp>()) {
      state = write.getCache();
    }
    auto argument = dyn_cast<BlockArgument>(state);
    if (argument && function.getArgAttr(argument.getArgNumber(), kStateAttr)) {
      if (function.getArgAttr(argument.getArgNumber(), kStateAttr) != name) {
        return ret.emitOpError("expects the state ")
               << function.getArgAttr(argument.getArgNumber(), kNameAttr)
               << " to be returned as "
               << function.getArgAttr(argument.getArgNumber(), kStateAttr)
               << ", got " << name;
      }
      continue;
    }
    FailureOr<IOAttr> io = placeIO(name, value, "output");
    if (failed(io)) {
      return failure();
    }
    Value root = getRoot(value);
    if (isa<BlockArgument>(root) || weights.isStored(root) ||
        !places.try_emplace(root, Place{Segment::IO, io->getOffset()}).second) {
      copiedOutputs.push_back({value, io->getOffset()});
    }
    outputs.push_back(*io);
  }
  return success();
}

void FunctionLowering::findLastUses() {
  int64_t index = 0;
  for (Operation &op : function.getBody().front()) {
    if (Value source = getViewSource(&op)) {
      roots[op.getResult(0)] = getRoot(source);
    }
    int64_t use =
        isa<ReturnOp>(op) ? std::numeric_limits<int64_t>::max() : index;
    for (Value operand : op.getOperands()) {
      lastUses[getRoot(operand)] = use;
    }
    if (auto slots = dyn_cast<CachePositionsOp>(op)) {
      int64_t &positions = ropePositions[slots.getPositions()];
      positions = std::max(positions, getSize(slots.getResult(), 1));
    }
    ++index;
  }
}

//===----------------------------------------------------------------------===//
// Operands and results
//===----------------------------------------------------------------------===//

FailureOr<Place> FunctionLowering::placeF32(Value weight, Operation *user) {
  if (!weights.isWeight(weight)) {
    return user->emitOpError("expects a weight as the operand of type ")
           << weight.getType() << ", got an activation";
  }
  FailureOr<int64_t> offset = weights.placeF32(weight, user->getLoc());
  if (failed(offset)) {
    return failure();
  }
  return Place{Segment::Weights, *offset};
}

FailureOr<Place> FunctionLowering::get(Value value, Operation *user) {
  auto found = places.find(getRoot(value));
  if (found != places.end()) {
    Type element = getTensor(value).getElementType();
    if ((!element.isF32() && !element.isSignlessInteger(64)) ||
        llvm::is_contained(getTensor(value).getShape(), 0)) {
      return user->emitOpError("expects operands of f32 or i64 and sizes above "
                               "0, got ")
             << value.getType();
    }
    bool isState = found->second.segment == Segment::State;
    return getTensor(value).getRank() == 4 && !isState && !isHeadsSecond(value)
               ? swapHeads(value, found->second, user)
               : found->second;
  }
  if (weights.isWeight(value) && getTensor(value).getRank() <= 3 &&
      isa<FloatType>(getTensor(value).getElementType())) {
    return placeF32(value, user);
  }
  InFlightDiagnostic diagnostic =
      user->emitOpError("expects operands that the host computes");
  diagnostic.attachNote(value.getLoc()) << "got this one";
  return diagnostic;
}

Place FunctionLowering::getDestination(Operation *op, ValueRange reusable) {
  Value result = op->getResult(0);
  auto output = places.find(result);
  if (output != places.end()) {
    return output->second;
  }
  for (Value candidate : reusable) {
    Value root = getRoot(candidate);
    auto place = places.find(root);
    if (place != places.end() && place->second.segment == Segment::Arena &&
        lastUses.lookup(root) == step &&
        getBytes(candidate) == getBytes(result)) {
      Place shared = place->second; // the insertion may move the map
      places[result] = shared;
      return shared;
    }
  }
  Place place{Segment::Arena, static_cast<int64_t>(bufferBytes.size())};
  bufferBytes.push_back(getBytes(result));
  places[result] = place;
  return place;
}

void FunctionLowering::launch(Operation *op, Kernel kernel,
                              ArrayRef<Place> operands, int64_t bytes) {
  launches.push_back({op->getLoc(), kernel,
                      SmallVector<Place, 6>(operands.begin(), operands.end()),
                      bytes, op->getAttrOfType<StringAttr>("scope")});
}

LogicalResult FunctionLowering::checkTable(Value weight, Operation *user) {
  Type type = getTensor(weight).getElementType();
  if (!weights.isWeight(weight)) {
    return user->emitOpError("expects a weight, got an activation of type ")
           << weight.getType();
  }
  if (!type.isF32() && !type.isF16() && !type.isBF16()) {
    return user->emitOpError("expects a weight of f32, f16 or bf16, got ")
           << weight.getType();
  }
  if (!getTensor(weight).hasStaticShape() ||
      llvm::is_contained(getTensor(weight).getShape(), 0)) {
    return user->emitOpError("expects a weight of static sizes above 0, got ")
           << weight.getType();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

LogicalResult FunctionLowering::lowerOp(Operation *op) {
  // Weights are placed by what reads them; attention does the cache's reads.
  if (isa<ReturnOp, CacheReadOp, CachePositionsOp>(op) || getViewSource(op) ||
      (op->getNumResults() == 1 &&
       (weights.isStored(op->getResult(0)) ||
        isa<mlir::NoneType>(op->getResult(0).getType())))) {
    return success();
  }
  if (isOperator(op)) {
    return lowerOperator(op);
  }
  auto type = op->getNumResults() == 1
                  ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                  : RankedTensorType();
  bool isPositions = isa<IotaOp, MaskPositionsOp>(op);
  if (!type || !(isPositions || type.getElementType().isF32()) ||
      !getDenseBytes(type) || llvm::is_contained(type.getShape(), 0)) {
    return op->emitOpError("expects one result, a static f32 tensor, for the "
                           "host, got ")
           << op->getResultTypes();
  }
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<EmbeddingOp, LinearOp, LoRAOp, RMSNormOp, LayerNormOp, RopeOp,
            AttentionOp, IotaOp, MaskPositionsOp, PoolOp, AddOp, MulOp,
            ActivateOp, GateOp, ClipOp, ScaleOp, OffsetOp, SoftcapOp,
            LogitsSelectOp, CacheWriteOp, MergeHeadsOp>(
          [&](auto known) { return lower(known); })
      .Default([](Operation *other) {
        return other->emitOpError("expects an op that the host has a kernel "
                                  "for");
      });
}

LogicalResult FunctionLowering::run() {
  findLastUses();
  if (failed(placeInputs()) || failed(placeOutputs())) {
    return failure();
  }
  for (Operation &op : function.getBody().front()) {
    if (failed(lowerOp(&op))) {
      return failure();
    }
    ++step;
  }
  return copyOutputs();
}

LogicalResult FunctionLowering::emit(DictionaryAttr dims, OpBuilder &builder) {
  int64_t numLaunches = static_cast<int64_t>(launches.size());
  SmallVector<Lifetime> lifetimes;
  for (int64_t bytes : bufferBytes) {
    lifetimes.push_back({bytes, numLaunches, -1});
  }
  for (auto [index, launch] : llvm::enumerate(launches)) {
    for (Place place : launch.operands) {
      if (place.segment == Segment::Arena) {
        Lifetime &lifetime = lifetimes[place.index];
        lifetime.begin = std::min<int64_t>(lifetime.begin, index);
        lifetime.end = std::max<int64_t>(lifetime.end, index);
      }
    }
  }
  for (Lifetime &lifetime : lifetimes) {
    if (lifetime.end < lifetime.begin) { // no launch uses it
      lifetime = {0, 0, 0};
    }
  }
  std::optional<ArenaPlan> plan = planArena(lifetimes);
  if (!plan) {
    return function.emitError("expects activations of less than 2^63 bytes");
  }
  if (plan->bytes > kMaxMemory) {
    return function.emitError("expects activations of at most ")
           << kMaxMemory << " bytes, got " << plan->bytes
           << "; a smaller ctx-len, prefill-seq-len or batch-size needs less";
  }

  auto result = FunctionOp::create(
      builder, function.getLoc(), function.getSymName(), plan->bytes, ioBytes,
      dims, builder.getArrayAttr(inputs), builder.getArrayAttr(outputs));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&result.getBody().emplaceBlock());
  for (const PendingLaunch &launch : launches) {
    SmallVector<Attribute> addresses;
    for (Place place : launch.operands) {
      int64_t offset = place.segment == Segment::Arena
                           ? plan->offsets[place.index]
                           : place.index;
      addresses.push_back(
          AddressAttr::get(builder.getContext(), place.segment, offset));
    }
    LaunchOp::create(builder, launch.loc, launch.kernel.symbol.getValue(),
                     launch.kernel.tiles, builder.getArrayAttr(addresses),
                     launch.bytes, launch.scope);
  }
  return success();
}
