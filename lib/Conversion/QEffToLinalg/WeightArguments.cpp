// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights as arguments of functions.

#include "WeightArguments.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringMap.h"

using namespace qeff;
using mlir::func::FuncOp;

using ExpressionValues = llvm::StringMap<Value>;

/// A copy of what `expression` computes, at the front of `block`; references
/// in it are added to `refs`.
static Value cloneExpression(WeightExprOp expression, Block &block,
                             SmallVectorImpl<WeightRefOp> &refs) {
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  IRMapping mapping;
  for (Operation &op : expression.getBody().front().without_terminator()) {
    Operation *copy = builder.clone(op, mapping);
    if (auto ref = dyn_cast<WeightRefOp>(copy)) {
      refs.push_back(ref);
    }
  }
  return mapping.lookup(expression.getYielded());
}

/// The value of `ref`, a reference to an expression; null where expressions
/// go round in a circle.
static Value resolve(WeightRefOp ref, const ExpressionValues &values) {
  for (unsigned step = 0; step <= values.size(); ++step) {
    Value value = values.lookup(ref.getWeight());
    auto next = value.getDefiningOp<WeightRefOp>();
    if (!next || !values.contains(next.getWeight())) {
      return value;
    }
    ref = next;
  }
  return {};
}

/// Orders `block`; fails where an op needs its own result. Sorting does not look
/// at an op that is its own operand.
static bool sortBlock(Block &block) {
  for (Operation &op : block) {
    if (llvm::any_of(op.getOperands(), [&](Value operand) {
          return operand.getDefiningOp() == &op;
        })) {
      return false;
    }
  }
  return mlir::sortTopologically(&block);
}

/// Replaces references to expressions by the expressions, each once.
static LogicalResult inlineExpressions(FuncOp function,
                                       const SymbolTable &symbols) {
  SmallVector<WeightRefOp> refs;
  function.walk([&](WeightRefOp ref) { refs.push_back(ref); });
  Block &block = function.getBody().front();
  ExpressionValues values;
  SmallVector<WeightRefOp> replaced;
  while (!refs.empty()) {
    WeightRefOp ref = refs.pop_back_val();
    auto expression = symbols.lookup<WeightExprOp>(ref.getWeight());
    if (!expression) {
      continue;
    }
    replaced.push_back(ref);
    if (!values.contains(ref.getWeight())) {
      values[ref.getWeight()] = cloneExpression(expression, block, refs);
    }
  }
  SmallVector<Value> results;
  for (WeightRefOp ref : replaced) {
    results.push_back(resolve(ref, values));
  }
  bool isCircle = llvm::is_contained(results, Value());
  for (auto [ref, result] : llvm::zip(replaced, results)) {
    if (!isCircle) {
      ref.replaceAllUsesWith(result);
      ref.erase();
    }
  }
  if (isCircle || !sortBlock(block)) {
    return function.emitError() << "expects weight expressions that do not "
                                   "refer to themselves";
  }
  return success();
}

/// Where the bytes of `weight` are.
static DictionaryAttr describe(WeightOp weight, const SymbolTable &symbols) {
  Builder b(weight.getContext());
  NamedAttrList attributes;
  attributes.set("qeff.weight", weight.getSymNameAttr());
  if (auto file = symbols.lookup<FileOp>(weight.getFile())) {
    attributes.set("qeff.file", file.getPathAttr());
    attributes.set("qeff.root", file.getRootAttr());
  }
  attributes.set("qeff.offset", weight.getOffsetAttr());
  if (std::optional<BlockEncoding> encoding = weight.getEncoding()) {
    attributes.set("qeff.encoding",
                   b.getStringAttr(stringifyBlockEncoding(*encoding)));
  }
  return attributes.getDictionary(weight.getContext());
}

static LogicalResult addArguments(FuncOp function, ModuleOp module,
                                  const SymbolTable &symbols) {
  llvm::StringMap<SmallVector<WeightRefOp>> references;
  function.walk([&](WeightRefOp ref) {
    references[ref.getWeight()].push_back(ref);
  });
  for (auto weight : module.getOps<WeightOp>()) {
    auto found = references.find(weight.getSymName());
    if (found == references.end()) {
      continue;
    }
    unsigned index = function.getNumArguments();
    if (failed(function.insertArgument(index, weight.getTensorType(),
                                       describe(weight, symbols),
                                       weight.getLoc()))) {
      return failure();
    }
    for (WeightRefOp ref : found->second) {
      ref.replaceAllUsesWith(Value(function.getArgument(index)));
      ref.erase();
    }
  }
  return success();
}

LogicalResult qeff::convertWeightsToArguments(ModuleOp module) {
  SymbolTable symbols(module);
  for (auto function : module.getOps<FuncOp>()) {
    if (function.isExternal()) {
      continue;
    }
    if (failed(inlineExpressions(function, symbols)) ||
        failed(addArguments(function, module, symbols))) {
      return failure();
    }
  }
  return success();
}
