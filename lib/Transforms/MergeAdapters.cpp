// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters as part of the weights, lazily: nothing is read here.

#include "AdapterFusion.h"

#include "qeff/Dialect/QEff/IR/WeightRows.h"

#include "llvm/ADT/Sequence.h"

#include <cmath>

using namespace qeff;
using mlir::func::FuncOp;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Rows [first, first + count) of `value`, which may be all of them.
static Value sliceRows(OpBuilder &builder, Value value, int64_t first,
                       int64_t count) {
  RankedTensorType type = getType(value);
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<int64_t> offsets(shape.size(), 0);
  shape[0] = count;
  offsets[0] = first;
  return builder.createOrFold<SliceOp>(value.getLoc(), type.clone(shape), value,
                                       offsets);
}

/// What `linear` has of a vector or matrix `value` of all rows of its module.
static Value takeRows(OpBuilder &builder, LinearOp linear, Value value) {
  ModuleAttr module = linear.getModuleAttr();
  int64_t count = getType(linear.getWeight()).getDimSize(0);
  if (module.getRun() == 0) {
    return sliceRows(builder, value, module.getRow(), count);
  }
  SmallVector<int64_t> rows;
  for (auto [first, size] : module.getRuns(count)) {
    llvm::append_range(rows, llvm::seq(first, first + size));
  }
  return selectRows(builder, value.getLoc(), value, rows);
}

static Value transpose(OpBuilder &builder, Value value) {
  RankedTensorType type = getType(value);
  return builder.createOrFold<TransposeOp>(
      value.getLoc(), type.clone({type.getDimSize(1), type.getDimSize(0)}),
      value, ArrayRef<int64_t>{1, 0});
}

static Value cast(OpBuilder &builder, Value value, Type elementType) {
  return builder.createOrFold<CastOp>(
      value.getLoc(), getType(value).clone(elementType), value);
}

/// The operand `name` of a module's op, or null where it has none.
static OpOperand *getParameter(Operation *op, StringRef name) {
  Value value;
  if (auto linear = dyn_cast<LinearOp>(op)) {
    value = name == "weight" ? linear.getWeight() : linear.getBias();
  } else if (auto embedding = dyn_cast<EmbeddingOp>(op)) {
    value = name == "weight" ? embedding.getTable() : Value();
  } else if (auto norm = dyn_cast<RMSNormOp>(op)) {
    value = name == "weight" ? norm.getWeight() : Value();
  } else if (auto norm = dyn_cast<LayerNormOp>(op)) {
    value = name == "weight" ? norm.getWeight() : norm.getBias();
  }
  // The first operand is the input.
  for (OpOperand &operand : op->getOpOperands().drop_front()) {
    bool isBias = operand.getOperandNumber() != 1;
    if (value && operand.get() == value && isBias == (name == "bias")) {
      return &operand;
    }
  }
  return nullptr;
}

namespace {
class Merger {
public:
  explicit Merger(FuncOp function)
      : function(function), builder(function.getContext()),
        modules(collectModuleOps(function)) {}

  LogicalResult run(ArrayRef<AdapterOp> adapters);

private:
  FailureOr<ArrayRef<Operation *>> findModule(Operation *user,
                                              StringAttr path) const;
  Value reference(FlatSymbolRefAttr symbol, Location loc);

  LogicalResult replaceParameter(AdapterParameterOp op);
  LogicalResult replacePart(AdapterParameterOp op, Operation *part,
                            int64_t outputs);

  LogicalResult mergePairs(StringAttr path, ArrayRef<AdapterLoRAOp> pairs);
  LogicalResult checkPair(AdapterLoRAOp pair, ArrayRef<Operation *> parts);
  Value mergePair(AdapterLoRAOp pair, Operation *part, Value weight);

  FuncOp function;
  OpBuilder builder;
  ModuleOps modules;
  SymbolTableCollection symbols;
};
} // namespace

FailureOr<ArrayRef<Operation *>> Merger::findModule(Operation *user,
                                                    StringAttr path) const {
  auto entry = modules.find(path);
  if (entry == modules.end()) {
    user->emitOpError("expects a module of the model, got ") << path;
    return failure();
  }
  return ArrayRef<Operation *>(entry->second);
}

/// The value of the weight `symbol`.
Value Merger::reference(FlatSymbolRefAttr symbol, Location loc) {
  auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(function, symbol);
  return WeightRefOp::create(builder, loc, weight.getTensorType(), symbol);
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

/// The module's own form of the part that `part` computes, in the type of the
/// operand that it replaces.
LogicalResult Merger::replacePart(AdapterParameterOp op, Operation *part,
                                  int64_t outputs) {
  OpOperand *operand = getParameter(part, op.getName());
  if (!operand) {
    InFlightDiagnostic diagnostic =
        op.emitOpError("expects a parameter of the module, got '")
        << op.getName() << "'";
    diagnostic.attachNote(part->getLoc()) << "the module is here";
    return diagnostic;
  }
  RankedTensorType type = getType(operand->get());
  auto linear = dyn_cast<LinearOp>(part);
  bool transposed =
      linear && type.getRank() == 2 && linear.getModuleAttr().getTransposed();
  SmallVector<int64_t> expected(type.getShape());
  if (linear) {
    expected[0] = outputs;
  }
  if (transposed) {
    std::swap(expected[0], expected[1]);
  }
  builder.setInsertionPoint(part);
  Value value = reference(op.getValueAttr(), part->getLoc());
  if (getType(value).getShape() != ArrayRef<int64_t>(expected)) {
    return op.emitOpError("expects a value of shape ")
           << type.clone(expected) << ", got " << value.getType();
  }
  if (transposed) {
    value = transpose(builder, value);
  }
  if (linear) {
    value = takeRows(builder, linear, value);
  }
  operand->set(cast(builder, value, type.getElementType()));
  return success();
}

LogicalResult Merger::replaceParameter(AdapterParameterOp op) {
  FailureOr<ArrayRef<Operation *>> parts =
      findModule(op, op.getModuleAttr());
  if (failed(parts)) {
    return failure();
  }
  for (Operation *part : *parts) {
    if (failed(replacePart(op, part, getLinearOutputs(*parts)))) {
      return failure();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Pairs
//===----------------------------------------------------------------------===//

/// The scaling of `pair` times the weight of its adapter.
static double getScaling(AdapterLoRAOp pair) {
  return cast<AdapterOp>(pair->getParentOp()).getWeight().convertToDouble() *
         pair.getScaling().convertToDouble();
}

LogicalResult Merger::checkPair(AdapterLoRAOp pair,
                                ArrayRef<Operation *> parts) {
  auto lookup = [&](FlatSymbolRefAttr symbol) {
    return symbols.lookupNearestSymbolFrom<WeightOp>(pair, symbol)
        .getTensorType();
  };
  RankedTensorType a = lookup(pair.getAAttr());
  RankedTensorType b = lookup(pair.getBAttr());
  int64_t in = 0;
  int64_t out = getLinearOutputs(parts);
  if (out != 0) {
    in = getType(cast<LinearOp>(parts.front()).getWeight()).getDimSize(1);
  } else if (auto embedding = dyn_cast<EmbeddingOp>(parts.front())) {
    in = getType(embedding.getTable()).getDimSize(0);
    out = getType(embedding.getTable()).getDimSize(1);
  } else {
    return pair.emitOpError("expects a linear module or an embedding, got ")
           << pair.getModuleAttr();
  }
  if (a.getDimSize(1) != in || b.getDimSize(0) != out) {
    return pair.emitOpError("expects a [R, ")
           << in << "] and b [" << out << ", R] for module "
           << pair.getModuleAttr() << ", got " << a << " and " << b;
  }
  if (!std::isfinite(getScaling(pair))) {
    return pair.emitOpError("expects weight and scaling with a finite product");
  }
  return success();
}

/// `weight` with the change by `pair`. Of an embedding, the table's transpose
/// is the weight that the pair changes; without a magnitude the pair's
/// transpose does the same.
Value Merger::mergePair(AdapterLoRAOp pair, Operation *part, Value weight) {
  Location loc = part->getLoc();
  Value a = reference(pair.getAAttr(), loc);
  Value b = reference(pair.getBAttr(), loc);
  Value magnitude;
  if (pair.getMagnitudeAttr()) {
    magnitude = reference(pair.getMagnitudeAttr(), loc);
  }
  FloatAttr scaling = builder.getF64FloatAttr(getScaling(pair));
  auto merge = [&](Value weight, Value a, Value b) -> Value {
    return LoRAMergeOp::create(builder, loc, weight.getType(), weight, a, b,
                               magnitude, scaling);
  };
  if (auto linear = dyn_cast<LinearOp>(part)) {
    if (magnitude) {
      magnitude = takeRows(builder, linear, magnitude);
    }
    return merge(weight, a, takeRows(builder, linear, b));
  }
  if (!magnitude) {
    a = transpose(builder, a);
    b = transpose(builder, b);
    return merge(weight, b, a);
  }
  return transpose(builder, merge(transpose(builder, weight), a, b));
}

/// Several changes of a weight are rounded to its type once, at the end. PEFT
/// takes a magnitude's norms from the base with that change alone, and scales by
/// it what earlier adapters added as well: `qeff.lora_merge` says the same of
/// the first change only.
LogicalResult Merger::mergePairs(StringAttr path,
                                 ArrayRef<AdapterLoRAOp> pairs) {
  FailureOr<ArrayRef<Operation *>> parts = findModule(pairs.front(), path);
  if (failed(parts)) {
    return failure();
  }
  for (AdapterLoRAOp pair : pairs.drop_front()) {
    if (pair.getMagnitudeAttr()) {
      return pair.emitOpError("expects a magnitude in the first adapter alone "
                              "that changes module ")
             << path << ", got one in a later adapter";
    }
  }
  for (AdapterLoRAOp pair : pairs) {
    if (failed(checkPair(pair, *parts))) {
      return failure();
    }
  }
  for (Operation *part : *parts) {
    builder.setInsertionPoint(part);
    OpOperand &operand = *getParameter(part, "weight");
    Value weight = operand.get();
    Type elementType = getType(weight).getElementType();
    if (pairs.size() > 1) {
      weight = cast(builder, weight, builder.getF32Type());
    }
    for (AdapterLoRAOp pair : pairs) {
      weight = mergePair(pair, part, weight);
    }
    operand.set(cast(builder, weight, elementType));
  }
  return success();
}

LogicalResult Merger::run(ArrayRef<AdapterOp> adapters) {
  llvm::MapVector<StringAttr, SmallVector<AdapterLoRAOp, 1>> pairs;
  llvm::DenseMap<std::pair<Attribute, Attribute>, AdapterOp> replaced;
  for (AdapterOp adapter : adapters) {
    for (auto op : adapter.getBody().getOps<AdapterParameterOp>()) {
      auto [entry, isFirst] = replaced.try_emplace(
          {op.getModuleAttr(), op.getNameAttr()}, adapter);
      if (!isFirst) {
        return op.emitOpError("expects one adapter to replace '")
               << op.getName() << "' of module " << op.getModuleAttr()
               << ", got '" << entry->second.getSymName() << "' and '"
               << adapter.getSymName() << "'";
      }
      if (failed(replaceParameter(op))) {
        return failure();
      }
    }
    for (auto op : adapter.getBody().getOps<AdapterLoRAOp>()) {
      pairs[op.getModuleAttr()].push_back(op);
    }
  }
  for (auto &[path, changes] : pairs) {
    if (failed(mergePairs(path, changes))) {
      return failure();
    }
  }
  return success();
}

LogicalResult qeff::mergeAdapters(FuncOp function,
                                  ArrayRef<AdapterOp> adapters) {
  return Merger(function).run(adapters);
}
