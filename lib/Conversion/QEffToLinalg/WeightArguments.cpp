// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights as arguments of functions.

#include "WeightArguments.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

using namespace qeff;
using mlir::func::FuncOp;

/// Replaces `ref` by a copy of what `expression` computes.
static void inlineExpression(WeightRefOp ref, WeightExprOp expression) {
  OpBuilder builder(ref);
  IRMapping mapping;
  for (Operation &op : expression.getBody().front().without_terminator()) {
    builder.clone(op, mapping);
  }
  ref.replaceAllUsesWith(mapping.lookup(expression.getYielded()));
  ref.erase();
}

/// The references in `function` that are left when those to expressions are
/// inlined, by the weight's name. An expression that is reached from itself is
/// an error.
static LogicalResult inlineExpressions(FuncOp function,
                                       const SymbolTable &symbols) {
  // Each round goes one expression deeper; there are no more than symbols.
  size_t rounds = llvm::range_size(
      function->getParentOfType<ModuleOp>().getOps<WeightExprOp>());
  for (size_t round = 0; round <= rounds; ++round) {
    SmallVector<std::pair<WeightRefOp, WeightExprOp>> found;
    function.walk([&](WeightRefOp ref) {
      if (auto expression = symbols.lookup<WeightExprOp>(ref.getWeight())) {
        found.emplace_back(ref, expression);
      }
    });
    if (found.empty()) {
      return success();
    }
    for (auto [ref, expression] : found) {
      inlineExpression(ref, expression);
    }
  }
  return function.emitError()
         << "expects weight expressions that do not refer to themselves";
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
