// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-caches: a graph with caches becomes what it is for empty ones.

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "llvm/ADT/SetVector.h"
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

/// The name of a sum of dims without those in `empty`: "" where all of them are.
static std::string dropTerms(StringRef name,
                             const llvm::StringSet<> &empty) {
  SmallVector<StringRef> terms, kept;
  name.split(terms, '+');
  for (StringRef term : terms) {
    if (!empty.contains(term.trim())) {
      kept.push_back(term.trim());
    }
  }
  return kept.size() == terms.size() ? name.str() : llvm::join(kept, " + ");
}

/// Gives `argument` the sizes that it has where the dims in `empty` are 0.
static void shrinkArgument(FuncOp function, BlockArgument argument,
                           const llvm::StringSet<> &empty,
                           SymbolTable &symbols) {
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
        symbol ? dropTerms(symbol.getValue(), empty) : std::string();
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
};
} // namespace

void RaiseCaches::runOnOperation() {
  FailureOr<FuncOp> function = findMainFunction(getOperation());
  if (failed(function)) {
    return signalPassFailure();
  }
  SmallVector<Cache> caches;
  llvm::StringSet<> empty;
  for (BlockArgument argument : function->getArguments()) {
    std::optional<Cache> cache = findCache(argument);
    StringRef name =
        cache ? getDimName(*function, argument, cache->axis) : StringRef();
    if (!name.empty()) {
      caches.push_back(*cache);
      empty.insert(name);
    }
  }
  if (caches.empty()) {
    return markAllAnalysesPreserved();
  }
  SmallVector<unsigned> results;
  for (const Cache &cache : caches) {
    Type element = mlir::getElementTypeOrSelf(cache.argument);
    llvm::append_range(results,
                       findResults(cache.concat->getResult(0), element));
  }
  eraseResults(*function, results);
  for (const Cache &cache : caches) {
    cache.concat->getResult(0).replaceAllUsesWith(cache.concat->getOperand(1));
    cache.concat->erase();
  }
  SymbolTable symbols(getOperation());
  for (BlockArgument argument : function->getArguments()) {
    shrinkArgument(*function, argument, empty, symbols);
  }
  function->setType(mlir::FunctionType::get(
      &getContext(), function->getBody().getArgumentTypes(),
      function->getResultTypes()));
}
