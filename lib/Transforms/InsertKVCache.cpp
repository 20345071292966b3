// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-insert-kv-cache: canonical to stateful. Every attention over the keys of
// its own call gets a pair of states; the last hidden state of each row is
// selected as early as the graph allows.

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/SmallPtrSet.h"

namespace qeff {
#define GEN_PASS_DEF_INSERTKVCACHEPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

static constexpr StringRef kCtxLen = "ctx_len";
static constexpr StringRef kBatchSize = "batch_size";

/// The argument named `name`, or null.
static BlockArgument findArgument(FuncOp function, StringRef name) {
  for (BlockArgument argument : function.getArguments()) {
    auto attribute = function.getArgAttrOfType<StringAttr>(
        argument.getArgNumber(), kNameAttr);
    if (attribute && attribute.getValue() == name) {
      return argument;
    }
  }
  return {};
}

namespace {
/// One attention's keys or values.
struct State {
  std::string name;
  BlockArgument argument;
  Value newest;
};

class CacheInserter {
public:
  CacheInserter(FuncOp function, BlockArgument positions)
      : function(function), positions(positions),
        builder(function.getContext()) {}

  LogicalResult run();

private:
  LogicalResult insertCaches(AttentionOp attention, unsigned layer);
  unsigned getEndOfInputs();
  State &addState(const Twine &name, Value update, Location loc);
  Value write(State &state, Value update, StringAttr scope, Location loc);
  Value getSlotPositions(Location loc);
  LogicalResult selectLastPosition();
  void returnStates();

  FuncOp function;
  BlockArgument positions;
  OpBuilder builder;
  std::vector<State> states;
  Value slotPositions;
};
} // namespace

/// Where the next state goes: adapters stay last.
unsigned CacheInserter::getEndOfInputs() {
  unsigned index = function.getNumArguments();
  while (index > 0 && function.getArgAttr(index - 1, kAdapterAttr)) {
    --index;
  }
  return index;
}

/// Adds the argument [batch_size, G, ctx_len, D] for what `update` is written
/// to.
State &CacheInserter::addState(const Twine &name, Value update, Location loc) {
  auto type = cast<RankedTensorType>(update.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = ShapedType::kDynamic;
  shape[2] = ShapedType::kDynamic;
  auto cacheType = RankedTensorType::get(shape, type.getElementType());

  MLIRContext *context = function.getContext();
  auto reference = [&](StringRef dim) -> Attribute {
    return FlatSymbolRefAttr::get(context, dim);
  };
  std::string stateName = name.str();
  NamedAttrList attributes;
  attributes.set(kNameAttr, builder.getStringAttr(stateName));
  attributes.set(kDimsAttr,
                 builder.getArrayAttr({reference(kBatchSize),
                                       builder.getI64IntegerAttr(shape[1]),
                                       reference(kCtxLen),
                                       builder.getI64IntegerAttr(shape[3])}));
  attributes.set(kStateAttr, builder.getStringAttr(stateName +
                                                   "_RetainedState"));
  unsigned index = getEndOfInputs();
  (void)function.insertArgument(index, cacheType,
                                attributes.getDictionary(context), loc);
  states.push_back({stateName, function.getArgument(index), {}});
  return states.back();
}

Value CacheInserter::write(State &state, Value update, StringAttr scope,
                           Location loc) {
  state.newest = CacheWriteOp::create(builder, loc, state.argument.getType(),
                                      state.argument, positions, update, scope);
  return state.newest;
}

/// The positions that the slots hold; one value for all layers.
Value CacheInserter::getSlotPositions(Location loc) {
  if (!slotPositions) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.getBody().front());
    auto type = RankedTensorType::get(
        {ShapedType::kDynamic, ShapedType::kDynamic}, builder.getI64Type());
    slotPositions = CachePositionsOp::create(
        builder, loc, type, positions,
        FlatSymbolRefAttr::get(function.getContext(), kCtxLen),
        /*scope=*/StringAttr());
  }
  return slotPositions;
}

LogicalResult CacheInserter::insertCaches(AttentionOp attention,
                                          unsigned layer) {
  if (attention.getQPos() != positions || attention.getKvPos() != positions) {
    return attention.emitOpError(
        "expects q_pos and kv_pos to be the argument 'position_ids'");
  }
  if (!attention.getCausal()) {
    return attention.emitOpError("expects a causal attention");
  }
  builder.setInsertionPoint(attention);
  Location loc = attention.getLoc();
  StringAttr scope = attention.getScopeAttr();
  Value slots = getSlotPositions(loc);

  auto replace = [&](const Twine &name, OpOperand &operand) {
    State &state = addState(name, operand.get(), loc);
    Value newest = write(state, operand.get(), scope, loc);
    operand.set(CacheReadOp::create(builder, loc, newest.getType(), newest,
                                    slots, scope));
  };
  replace("past_key." + Twine(layer), attention.getKMutable());
  replace("past_value." + Twine(layer), attention.getVMutable());
  attention.getKvPosMutable().assign(slots);
  return success();
}

/// The ops that end in `value` and work on every position alone, last first;
/// `value` becomes the one that they all come from.
static SmallVector<Operation *> collectTail(Value &value, Operation *ret) {
  SmallVector<Operation *> tail;
  llvm::SmallPtrSet<Operation *, 8> known = {ret};
  while (Operation *op = value.getDefiningOp()) {
    bool isLast = llvm::all_of(value.getUsers(), [&](Operation *user) {
      return known.contains(user);
    });
    auto lora = dyn_cast<LoRAOp>(op);
    auto base = lora ? lora.getBase().getDefiningOp<LinearOp>() : LinearOp();
    bool isPath = base && base.getInput() == lora.getInput() &&
                  base->hasOneUse();
    if (!isLast ||
        !(isPath || isa<LinearOp, RMSNormOp, LayerNormOp, ActivateOp, ClipOp,
                        CastOp>(op))) {
      break;
    }
    tail.push_back(op);
    known.insert(op);
    if (isPath) {
      tail.push_back(base);
      known.insert(base);
    }
    value = op->getOperand(0);
  }
  return tail;
}

/// Selects each row's last position in front of the ops that end in the result
/// and work on every position alone.
LogicalResult CacheInserter::selectLastPosition() {
  auto ret = cast<mlir::func::ReturnOp>(function.getBody().front().back());
  auto isAdapter = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument &&
           function.getArgAttr(argument.getArgNumber(), kAdapterAttr);
  };
  if (ret.getNumOperands() < 1 ||
      !llvm::all_of(ret.getOperands().drop_front(), isAdapter)) {
    return ret.emitOpError("expects one result, the logits, got ")
           << ret.getNumOperands();
  }
  Value value = ret.getOperand(0);
  SmallVector<Operation *> tail = collectTail(value, ret);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() != 3) {
    return ret.emitOpError("expects logits [batch, seq, vocab], got ")
           << value.getType();
  }
  auto selectedType = [](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return RankedTensorType::get(
        {tensor.getDimSize(0), 1, tensor.getDimSize(2)},
        tensor.getElementType());
  };
  builder.setInsertionPointAfterValue(value);
  Value selected =
      LogitsSelectOp::create(builder, ret.getLoc(), selectedType(type), value,
                             positions, /*scope=*/StringAttr());
  value.replaceUsesWithIf(selected, [&](OpOperand &use) {
    return tail.empty() ? use.getOwner() == ret.getOperation()
                        : llvm::is_contained(tail, use.getOwner());
  });
  for (Operation *op : tail) {
    op->getResult(0).setType(selectedType(op->getResult(0).getType()));
  }
  return success();
}

/// Returns the newest value of every state, in front of the adapters, and brings
/// the function's type and result attributes in line.
void CacheInserter::returnStates() {
  auto ret = cast<mlir::func::ReturnOp>(function.getBody().front().back());
  MLIRContext *context = function.getContext();
  SmallVector<Attribute> resultAttributes;
  NamedAttrList logits(function.getResultAttrDict(0));
  auto vocabulary =
      cast<RankedTensorType>(ret.getOperand(0).getType()).getDimSize(2);
  logits.set(kDimsAttr,
             builder.getArrayAttr({FlatSymbolRefAttr::get(context, kBatchSize),
                                   builder.getI64IntegerAttr(1),
                                   builder.getI64IntegerAttr(vocabulary)}));
  resultAttributes.push_back(logits.getDictionary(context));
  SmallVector<Value> results = {ret.getOperand(0)};
  for (const State &state : states) {
    results.push_back(state.newest);
    NamedAttrList attributes;
    attributes.set(kNameAttr,
                   function.getArgAttr(state.argument.getArgNumber(),
                                       kStateAttr));
    attributes.set(kDimsAttr, function.getArgAttr(
                                  state.argument.getArgNumber(), kDimsAttr));
    resultAttributes.push_back(attributes.getDictionary(context));
  }
  for (unsigned i = 1; i < ret.getNumOperands(); ++i) {
    results.push_back(ret.getOperand(i));
    resultAttributes.push_back(
        NamedAttrList(function.getResultAttrDict(i)).getDictionary(context));
  }
  ret.getOperandsMutable().assign(results);
  function.setFunctionType(builder.getFunctionType(
      function.getArgumentTypes(), ret.getOperandTypes()));
  function.setResAttrsAttr(builder.getArrayAttr(resultAttributes));
}

LogicalResult CacheInserter::run() {
  SmallVector<AttentionOp> attentions(
      function.getBody().front().getOps<AttentionOp>());
  if (attentions.empty()) {
    return function.emitError("expects at least one qeff.attention, got none");
  }
  for (auto [layer, attention] : llvm::enumerate(attentions)) {
    if (failed(insertCaches(attention, layer))) {
      return failure();
    }
  }
  if (failed(selectLastPosition())) {
    return failure();
  }
  returnStates();
  return success();
}

namespace {
struct InsertKVCachePass
    : public qeff::impl::InsertKVCachePassBase<InsertKVCachePass> {
  void runOnOperation() override {
    if (failed(insert(getOperation()))) {
      signalPassFailure();
    }
  }

  LogicalResult insert(ModuleOp module) {
    FailureOr<FuncOp> function = findMainFunction(module);
    if (failed(function)) {
      return failure();
    }
    BlockArgument positions = findArgument(*function, "position_ids");
    if (!positions || !findArgument(*function, "input_ids")) {
      return function->emitError(
          "expects the arguments 'input_ids' and 'position_ids'");
    }
    if (SymbolTable::lookupSymbolIn(module, kCtxLen)) {
      return module.emitError("expects a stateless module, got one that "
                              "declares the dim 'ctx_len'");
    }
    // The dim ctx_len, with the model's limit.
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    IntegerAttr limit;
    if (auto max = module->getAttrOfType<IntegerAttr>(kMaxPositionAttr)) {
      limit = builder.getI64IntegerAttr(max.getInt());
    }
    auto ctxLen = DimOp::create(builder, module.getLoc(),
                                builder.getStringAttr(kCtxLen),
                                /*sym_visibility=*/StringAttr(),
                                builder.getI64IntegerAttr(1), limit);
    for (auto dim : module.getOps<DimOp>()) {
      if (dim != ctxLen) {
        ctxLen->moveAfter(dim);
      }
    }
    if (failed(CacheInserter(*function, positions).run())) {
      return failure();
    }
    setPhase(module, Phase::Stateful);
    return success();
  }
};
} // namespace
