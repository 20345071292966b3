// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters as inputs: low-rank paths beside the linear layers, and arguments
// that hold the pairs and are returned as they came.

#include "AdapterFusion.h"

using namespace qeff;
using mlir::func::FuncOp;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
class Swapper {
public:
  Swapper(FuncOp function, int64_t rank)
      : function(function), builder(function.getContext()),
        modules(collectModuleOps(function)), rank(rank) {}

  LogicalResult run(ArrayRef<AdapterOp> adapters);

private:
  LogicalResult addTargets(AdapterOp adapter);
  LogicalResult addTarget(AdapterLoRAOp pair);
  FailureOr<int64_t> findRank(ArrayRef<AdapterOp> adapters);
  LogicalResult insertPaths(StringAttr path, ArrayRef<Operation *> parts);
  Value addArgument(const Twine &name, ArrayRef<int64_t> shape, bool isState,
                    Location loc);
  void returnStates();

  FuncOp function;
  OpBuilder builder;
  ModuleOps modules;
  llvm::DenseSet<StringAttr> targets;
  int64_t rank;
  SmallVector<BlockArgument> states;
};
} // namespace

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

LogicalResult Swapper::addTarget(AdapterLoRAOp pair) {
  StringAttr path = pair.getModuleAttr();
  auto parts = modules.find(path);
  if (parts == modules.end()) {
    return pair.emitOpError("expects a module of the model, got ") << path;
  }
  int64_t out = getLinearOutputs(parts->second);
  if (out == 0) {
    return pair.emitOpError("expects a linear module for adapters that are "
                            "switched while running, got ")
           << path;
  }
  if (!areConsecutive(parts->second)) {
    return pair.emitOpError("expects a module whose heads do not alternate for "
                            "adapters that are switched while running, got ")
           << path << "; adapter-mode merge takes it";
  }
  if (pair.getMagnitudeAttr()) {
    return pair.emitOpError("expects no magnitude for adapters that are "
                            "switched while running, got one for ")
           << path;
  }
  auto lookup = [&](FlatSymbolRefAttr symbol) {
    return SymbolTable::lookupNearestSymbolFrom<WeightOp>(pair, symbol)
        .getTensorType();
  };
  RankedTensorType a = lookup(pair.getAAttr());
  RankedTensorType b = lookup(pair.getBAttr());
  int64_t in = getType(cast<LinearOp>(parts->second.front()).getWeight())
                   .getDimSize(1);
  if (a.getDimSize(1) != in || b.getDimSize(0) != out) {
    return pair.emitOpError("expects a [R, ")
           << in << "] and b [" << out << ", R] for module " << path
           << ", got " << a << " and " << b;
  }
  targets.insert(path);
  return success();
}

LogicalResult Swapper::addTargets(AdapterOp adapter) {
  for (Operation &op : adapter.getBody().front()) {
    auto pair = dyn_cast<AdapterLoRAOp>(op);
    if (!pair) {
      return op.emitOpError("expects no parameters that replace the model's "
                            "for adapters that are switched while running");
    }
    if (failed(addTarget(pair))) {
      return failure();
    }
  }
  return success();
}

/// The rank of the arguments.
FailureOr<int64_t> Swapper::findRank(ArrayRef<AdapterOp> adapters) {
  int64_t largest = 0;
  for (AdapterOp adapter : adapters) {
    for (auto pair : adapter.getBody().getOps<AdapterLoRAOp>()) {
      int64_t pairRank =
          SymbolTable::lookupNearestSymbolFrom<WeightOp>(pair, pair.getAAttr())
              .getTensorType()
              .getDimSize(0);
      if (rank != 0 && pairRank > rank) {
        pair.emitOpError("expects a rank of at most ")
            << rank << " (max-lora-rank), got " << pairRank;
        return failure();
      }
      largest = std::max(largest, pairRank);
    }
  }
  if (rank == 0 && largest == 0) {
    function->getParentOp()->emitError(
        "expects adapters or max-lora-rank in mode swap");
    return failure();
  }
  return rank != 0 ? rank : largest;
}

//===----------------------------------------------------------------------===//
// Arguments and paths
//===----------------------------------------------------------------------===//

Value Swapper::addArgument(const Twine &name, ArrayRef<int64_t> shape,
                           bool isState, Location loc) {
  NamedAttrList attributes;
  attributes.set(kAdapterAttr, builder.getUnitAttr());
  attributes.set(kNameAttr, builder.getStringAttr(name));
  if (isState) {
    attributes.set(kStateAttr, builder.getStringAttr(name + "_RetainedState"));
  }
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(
      index, RankedTensorType::get(shape, builder.getF32Type()),
      attributes.getDictionary(builder.getContext()), loc);
  BlockArgument argument = function.getArgument(index);
  if (isState) {
    states.push_back(argument);
  }
  return argument;
}

LogicalResult Swapper::insertPaths(StringAttr path,
                                   ArrayRef<Operation *> parts) {
  Location loc = parts.front()->getLoc();
  std::string prefix = ("base_model.model." + path.getValue()).str();
  int64_t in =
      getType(cast<LinearOp>(parts.front()).getWeight()).getDimSize(1);
  int64_t out = getLinearOutputs(parts);
  Value a = addArgument(prefix + ".lora_A.weight", {rank, in},
                        /*isState=*/true, loc);
  Value b = addArgument(prefix + ".lora_B.weight", {out, rank},
                        /*isState=*/true, loc);
  Value scaling = addArgument(path.getValue() + ".lora_scaling", {1},
                              /*isState=*/false, loc);
  for (Operation *op : parts) {
    auto linear = cast<LinearOp>(op);
    if (getType(linear.getWeight()).getDimSize(1) != in) {
      return op->emitOpError("expects the parts of module ")
             << path << " to have one number of inputs";
    }
    builder.setInsertionPointAfter(op);
    auto lora = LoRAOp::create(
        builder, op->getLoc(), linear.getType(), linear.getInput(),
        linear.getResult(), a, b, scaling,
        builder.getI64IntegerAttr(linear.getModuleAttr().getRow()),
        linear.getScopeAttr());
    linear.getResult().replaceAllUsesExcept(lora.getResult(), lora);
  }
  return success();
}

/// Returns the arguments that are states, after the results there are.
void Swapper::returnStates() {
  Operation *terminator = function.getBody().front().getTerminator();
  for (BlockArgument state : states) {
    NamedAttrList attributes;
    attributes.set(kNameAttr, function.getArgAttr(state.getArgNumber(),
                                                  kStateAttr));
    (void)function.insertResult(
        function.getNumResults(), state.getType(),
        attributes.getDictionary(builder.getContext()));
    terminator->insertOperands(terminator->getNumOperands(), state);
  }
}

LogicalResult Swapper::run(ArrayRef<AdapterOp> adapters) {
  for (AdapterOp adapter : adapters) {
    if (failed(addTargets(adapter))) {
      return failure();
    }
  }
  FailureOr<int64_t> found = findRank(adapters);
  if (failed(found)) {
    return failure();
  }
  rank = *found;
  auto canBeTarget = [](ArrayRef<Operation *> parts) {
    return getLinearOutputs(parts) != 0 && areConsecutive(parts);
  };
  if (adapters.empty() && llvm::none_of(modules, [&](const auto &entry) {
        return canBeTarget(entry.second);
      })) {
    return function->getParentOp()->emitError(
        "expects linear layers that are modules for adapters that are "
        "switched while running, got none");
  }
  for (auto &[path, parts] : modules) {
    bool isTarget = adapters.empty() ? canBeTarget(parts)
                                     : targets.contains(path);
    if (isTarget && failed(insertPaths(path, parts))) {
      return failure();
    }
  }
  returnStates();
  return success();
}

LogicalResult qeff::swapAdapters(FuncOp function, ArrayRef<AdapterOp> adapters,
                                 int64_t rank) {
  return Swapper(function, rank).run(adapters);
}
