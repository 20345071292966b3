// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Positions among a function's arguments.

#include "Positions.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;
using mlir::func::FuncOp;

SmallVector<Value> qeff::getIntegerInputs(FuncOp function) {
  SmallVector<Value> result;
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    bool isTokens = llvm::any_of(argument.getUsers(), [&](Operation *user) {
      auto embedding = dyn_cast<EmbeddingOp>(user);
      return embedding && embedding.getIds() == argument &&
             !function.getArgAttr(argument.getArgNumber(), kPositionsAttr);
    });
    if (type && type.getRank() == 2 && !isTokens) {
      result.push_back(argument);
    }
  }
  return result;
}

BlockArgument qeff::findTokens(FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    for (Operation *user : argument.getUsers()) {
      auto embedding = dyn_cast<EmbeddingOp>(user);
      if (embedding && embedding.getIds() == argument &&
          !function.getArgAttr(argument.getArgNumber(), kPositionsAttr)) {
        return argument;
      }
    }
  }
  return {};
}

Value qeff::getPositions(FuncOp function, Value given) {
  auto *context = function.getContext();
  BlockArgument found;
  for (BlockArgument argument : function.getArguments()) {
    if (function.getArgAttr(argument.getArgNumber(), kPositionsAttr)) {
      found = argument;
    }
  }
  auto type = RankedTensorType::get(
      {ShapedType::kDynamic, ShapedType::kDynamic},
      IntegerType::get(context, 64));
  if (given) {
    auto argument = dyn_cast<BlockArgument>(given);
    if (!argument || argument.getOwner()->getParentOp() != function ||
        given.getType() != type || (found && found != argument)) {
      return {};
    }
    function.setArgAttr(argument.getArgNumber(), kPositionsAttr,
                        BoolAttr::get(context, true));
    return argument;
  }
  if (found) {
    return found;
  }
  BlockArgument tokens = findTokens(function);
  if (!tokens || tokens.getType() != type) {
    return {};
  }
  SmallVector<NamedAttribute> attributes{
      {StringAttr::get(context, kPositionsAttr),
       BoolAttr::get(context, false)}};
  if (Attribute dims = function.getArgAttr(tokens.getArgNumber(), kDimsAttr)) {
    attributes.emplace_back(StringAttr::get(context, kDimsAttr), dims);
  }
  unsigned index = function.getNumArguments();
  if (failed(function.insertArgument(index, type,
                                     DictionaryAttr::get(context, attributes),
                                     tokens.getLoc()))) {
    return {};
  }
  return function.getArgument(index);
}
