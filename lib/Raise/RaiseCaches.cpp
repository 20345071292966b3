// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-caches: a graph with caches becomes what it is for empty ones.

#include "ScatteredCaches.h"

#include "qeff/Analysis/Constants.h"
#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

namespace qeff {
#define GEN_PASS_DEF_RAISECACHESPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;
using mlir::func::ReturnOp;

namespace {
struct Cache {
  BlockArgument argument;
  Operation *concat;
  size_t axis;
};
} // namespace

/// The function's results that are `value`, or a cast of it to `type`, the type
/// of its elements.
static SmallVector<unsigned> findResults(Value value, Type type) {
  SmallVector<unsigned> result;
  for (mlir::OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isa<ReturnOp>(user)) {
      result.push_back(use.getOperandNumber());
    } else if (user->getName().getStringRef() == "onnxir.Cast" &&
               mlir::getElementTypeOrSelf(user->getResult(0)) == type) {
      for (mlir::OpOperand &casted : user->getUses()) {
        if (isa<ReturnOp>(casted.getOwner())) {
          result.push_back(casted.getOperandNumber());
        }
      }
    }
  }
  return result;
}

/// The cache that `argument` is, or nothing.
static std::optional<Cache> findCache(BlockArgument argument) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type) {
    return std::nullopt;
  }
  for (Operation *user : argument.getUsers()) {
    if (user->getName().getStringRef() != "onnxir.Concat" ||
        user->getNumOperands() != 2 || user->getOperand(0) != argument ||
        findResults(user->getResult(0), type.getElementType()).empty()) {
      continue;
    }
    auto attribute = user->getAttrOfType<IntegerAttr>("axis");
    int64_t axis = attribute ? attribute.getInt() : 0;
    axis = axis < 0 ? axis + type.getRank() : axis;
    if (axis >= 0 && axis < type.getRank() && type.isDynamicDim(axis)) {
      return Cache{argument, user, static_cast<size_t>(axis)};
    }
  }
  return std::nullopt;
}

/// The named dim of an argument's axis, or nothing.
static StringRef getDimName(FuncOp function, BlockArgument argument,
                            size_t axis) {
  auto dims =
      function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kDimsAttr);
  auto dim = dims && axis < dims.size()
                 ? dyn_cast<FlatSymbolRefAttr>(dims[axis])
                 : FlatSymbolRefAttr();
  return dim ? dim.getValue() : StringRef();
}

namespace {
/// What becomes of named dims when caches go away.
struct DimChanges {
  /// Dims that are 0.
  llvm::StringSet<> empty;
  /// Dims that are equal to another one.
  llvm::StringMap<std::string> equal;

  std::string apply(StringRef name) const;
};
} // namespace

/// The name of a sum of dims after the changes: "" where nothing is left.
std::string DimChanges::apply(StringRef name) const {
  if (auto other = equal.find(name); other != equal.end()) {
    return other->second;
  }
  SmallVector<StringRef> terms, kept;
  name.split(terms, '+');
  for (StringRef term : terms) {
    if (!empty.contains(term.trim())) {
      kept.push_back(term.trim());
    }
  }
  return kept.size() == terms.size() ? name.str() : llvm::join(kept, " + ");
}

/// Gives `argument` the sizes that it has after `changes`.
static void changeArgument(FuncOp function, BlockArgument argument,
                           const DimChanges &changes, SymbolTable &symbols) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  auto dims =
      function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kDimsAttr);
  if (!type || !dims) {
    return;
  }
  OpBuilder builder(function);
  SmallVector<int64_t> shape = llvm::to_vector(type.getShape());
  SmallVector<Attribute> changed;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(dim);
    std::string name =
        symbol ? changes.apply(symbol.getValue()) : std::string();
    if (!symbol || name == symbol.getValue()) {
      changed.push_back(dim);
    } else if (name.empty()) {
      shape[i] = 0;
      changed.push_back(builder.getI64IntegerAttr(0));
    } else {
      if (!symbols.lookup(name)) {
        auto like = symbols.lookup<DimOp>(symbol.getValue());
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPoint(like);
        auto copy = cast<DimOp>(builder.clone(*like));
        copy.setSymName(name);
        symbols.insert(copy);
      }
      changed.push_back(FlatSymbolRefAttr::get(function.getContext(), name));
    }
  }
  argument.setType(type.clone(shape));
  function.setArgAttr(argument.getArgNumber(), kDimsAttr,
                      builder.getArrayAttr(changed));
}

static void eraseResults(FuncOp function, ArrayRef<unsigned> numbers) {
  llvm::BitVector erased(function.getNumResults());
  for (unsigned number : numbers) {
    erased.set(number);
  }
  auto terminator =
      cast<ReturnOp>(function.getBody().front().getTerminator());
  terminator->eraseOperands(erased);
  (void)function.eraseResults(erased);
}

namespace {
struct RaiseCaches : qeff::impl::RaiseCachesPassBase<RaiseCaches> {
  void runOnOperation() override;

private:
  void removeConcatenated(FuncOp function);
  void removeScattered(FuncOp function);

  DimChanges changes;
  SmallVector<unsigned> results;
};
} // namespace

void RaiseCaches::removeConcatenated(FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    std::optional<Cache> cache = findCache(argument);
    StringRef name =
        cache ? getDimName(function, argument, cache->axis) : StringRef();
    if (name.empty()) {
      continue;
    }
    changes.empty.insert(name);
    Operation *concat = cache->concat;
    llvm::append_range(results,
                       findResults(concat->getResult(0),
                                   mlir::getElementTypeOrSelf(argument)));
    concat->getResult(0).replaceAllUsesWith(concat->getOperand(1));
    concat->erase();
  }
}

/// The keys of a whole sequence are at their own positions: slots become the
/// index in the sequence.
void RaiseCaches::removeScattered(FuncOp function) {
  if (function.getOps<onnxir::ScatterNDOp>().empty()) {
    return;
  }
  SmallVector<ScatteredCache> caches;
  {
    ExprTable table;
    SymbolicShapes shapes(function, table);
    ConstantReader constants(getOperation(), EvaluatorOptions());
    Elements elements(shapes, constants);
    for (BlockArgument argument : function.getArguments()) {
      if (auto cache = matchScatteredCache(elements, argument)) {
        caches.push_back(std::move(*cache));
      }
    }
  }
  for (ScatteredCache &cache : caches) {
    Value written = cache.scatter->getResult(0);
    SmallVector<unsigned> returned = findResults(
        written, mlir::getElementTypeOrSelf(cache.argument));
    StringRef length = getDimName(function, cache.positions, 1);
    if (returned.empty() || length.empty()) {
      continue;
    }
    llvm::append_range(results, returned);
    for (StringRef slots : cache.slotDims) {
      changes.equal[slots] = length.str();
    }
    for (Operation *read : cache.reads) {
      read->getResult(0).replaceAllUsesWith(cache.scatter->getOperand(2));
      read->erase();
    }
    written.replaceAllUsesWith(cache.argument);
    cache.scatter->erase();
  }
}

void RaiseCaches::runOnOperation() {
  FailureOr<FuncOp> function = findMainFunction(getOperation());
  if (failed(function)) {
    return signalPassFailure();
  }
  changes = {};
  results.clear();
  removeConcatenated(*function);
  removeScattered(*function);
  if (results.empty()) {
    return markAllAnalysesPreserved();
  }
  eraseResults(*function, results);
  SymbolTable symbols(getOperation());
  for (BlockArgument argument : function->getArguments()) {
    changeArgument(*function, argument, changes, symbols);
  }
  function->setType(mlir::FunctionType::get(
      &getContext(), function->getBody().getArgumentTypes(),
      function->getResultTypes()));
}
