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

#include "mlir/IR/TypeUtilities.h"

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
/// `argument` is operand `operand` of `op`, which grows it along `axis` to
/// `present`, a result of the function.
struct Cache {
  BlockArgument argument;
  Operation *op;
  unsigned operand;
  Value present;
  size_t axis;
};

/// An operator that grows a cache of its own.
struct CacheOperator {
  StringRef name;
  unsigned past, present;
  size_t axis;
};
} // namespace

static constexpr CacheOperator kOperators[] = {
    {"onnxir.Attention", 4, 1, 2},
    {"onnxir.Attention", 5, 2, 2},
    {"onnxir.microsoft.Attention", 4, 1, 3},
    {"onnxir.microsoft.GroupQueryAttention", 3, 1, 2},
    {"onnxir.microsoft.GroupQueryAttention", 4, 2, 2},
    {"onnxir.microsoft.MultiHeadAttention", 6, 1, 2},
    {"onnxir.microsoft.MultiHeadAttention", 7, 2, 2},
};

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

/// The cache that `argument` is to `op`, a Concat, or nothing.
static std::optional<Cache> findConcat(BlockArgument argument, Operation *op) {
  if (op->getName().getStringRef() != "onnxir.Concat" ||
      op->getNumOperands() != 2 || op->getOperand(0) != argument) {
    return std::nullopt;
  }
  int64_t rank = cast<RankedTensorType>(argument.getType()).getRank();
  auto attribute = op->getAttrOfType<IntegerAttr>("axis");
  int64_t axis = attribute ? attribute.getInt() : 0;
  axis = axis < 0 ? axis + rank : axis;
  return axis >= 0 && axis < rank
             ? std::optional<Cache>({argument, op, 0, op->getResult(0),
                                     static_cast<size_t>(axis)})
             : std::nullopt;
}

/// The cache that `argument` is to `op`, an attention operator that is the only
/// one to use it and whose new cache is a result of the function alone.
static std::optional<Cache> findOperator(BlockArgument argument,
                                         Operation *op) {
  auto type = cast<RankedTensorType>(argument.getType());
  for (const CacheOperator &known : kOperators) {
    if (op->getName().getStringRef() != known.name ||
        op->getOperand(known.past) != argument || !argument.hasOneUse() ||
        static_cast<size_t>(type.getRank()) <= known.axis) {
      continue;
    }
    Value present = op->getResult(known.present);
    if (llvm::all_of(present.getUsers(), llvm::IsaPred<ReturnOp>)) {
      return Cache{argument, op, known.past, present, known.axis};
    }
  }
  return std::nullopt;
}

/// The cache that `argument` is, or nothing.
static std::optional<Cache> findCache(BlockArgument argument) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type) {
    return std::nullopt;
  }
  for (Operation *user : argument.getUsers()) {
    std::optional<Cache> cache = findConcat(argument, user);
    cache = cache ? cache : findOperator(argument, user);
    if (cache && type.isDynamicDim(cache->axis) &&
        !findResults(cache->present, type.getElementType()).empty()) {
      return cache;
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

static void removeCache(Cache cache) {
  if (isa<onnxir::ConcatOp>(cache.op)) {
    cache.present.replaceAllUsesWith(cache.op->getOperand(1));
    cache.op->erase();
    return;
  }
  OpBuilder builder(cache.op);
  cache.op->setOperand(cache.operand,
                       onnxir::NoneOp::create(builder, cache.op->getLoc(),
                                              builder.getNoneType()));
}

namespace {
struct RaiseCaches : qeff::impl::RaiseCachesPassBase<RaiseCaches> {
  void runOnOperation() override;

private:
  void findGrowing(FuncOp function);
  void removeScattered(FuncOp function);

  DimChanges changes;
  SmallVector<Cache> caches;
  SmallVector<unsigned> results;
};
} // namespace

void RaiseCaches::findGrowing(FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    std::optional<Cache> cache = findCache(argument);
    StringRef name =
        cache ? getDimName(function, argument, cache->axis) : StringRef();
    if (!name.empty()) {
      changes.empty.insert(name);
      caches.push_back(*cache);
      llvm::append_range(results,
                         findResults(cache->present,
                                     mlir::getElementTypeOrSelf(argument)));
    }
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
  caches.clear();
  results.clear();
  findGrowing(*function);
  removeScattered(*function);
  if (results.empty()) {
    return markAllAnalysesPreserved();
  }
  eraseResults(*function, results);
  for (const Cache &cache : caches) {
    removeCache(cache);
  }
  SymbolTable symbols(getOperation());
  for (BlockArgument argument : function->getArguments()) {
    changeArgument(*function, argument, changes, symbols);
  }
  function->setType(mlir::FunctionType::get(
      &getContext(), function->getBody().getArgumentTypes(),
      function->getResultTypes()));
}
