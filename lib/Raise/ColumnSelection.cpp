// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Channels of a fused projection become a projection of their own.

#include "ColumnSelection.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Dialect/QEff/IR/WeightRows.h"

using namespace qeff;

/// What `columns` are of `module`: adapters of a fused module reach parts that
/// are consecutive, or runs of one length at one distance. Null for others.
static ModuleAttr getPart(ModuleAttr module, ArrayRef<int64_t> columns) {
  if (!module || module.getRun() != 0) {
    return {};
  }
  auto count = static_cast<int64_t>(columns.size());
  int64_t run = 1;
  while (run < count && columns[run] == columns[run - 1] + 1) {
    ++run;
  }
  int64_t every = run < count ? columns[run] - columns[0] : 0;
  for (int64_t i = 0; i < count; ++i) {
    if (columns[i] != columns[0] + i / run * every + i % run) {
      return {};
    }
  }
  if (run < count && (every < run || count % run != 0)) {
    return {};
  }
  return ModuleAttr::get(module.getContext(), module.getPath(),
                         module.getRow() + columns[0], run < count ? run : 0,
                         every, module.getTransposed());
}

static Value selectFromLinear(OpBuilder &builder, LinearOp linear,
                              ArrayRef<int64_t> columns) {
  Value weight = selectRows(builder, linear.getLoc(), linear.getWeight(),
                            columns);
  Value bias = linear.getBias();
  if (bias) {
    bias = selectRows(builder, linear.getLoc(), bias, columns);
  }
  auto type = cast<RankedTensorType>(linear.getType());
  SmallVector<int64_t> shape = llvm::to_vector(type.getShape());
  shape.back() = static_cast<int64_t>(columns.size());
  return LinearOp::create(builder, linear.getLoc(), type.clone(shape),
                          linear.getInput(), weight, bias,
                          getPart(linear.getModuleAttr(), columns),
                          linear.getScopeAttr());
}

Value qeff::selectColumns(OpBuilder &builder, Value x,
                          ArrayRef<int64_t> columns, std::string &why) {
  auto type = dyn_cast<RankedTensorType>(x.getType());
  if (!type || type.getRank() != 3 || type.isDynamicDim(2)) {
    why = "a hidden state has an unknown number of channels";
    return {};
  }
  bool isWhole = static_cast<int64_t>(columns.size()) == type.getDimSize(2);
  for (auto [i, column] : llvm::enumerate(columns)) {
    isWhole &= column == static_cast<int64_t>(i);
    if (column < 0 || column >= type.getDimSize(2)) {
      why = "a channel does not exist";
      return {};
    }
  }
  if (isWhole) {
    return x;
  }
  Operation *op = x.getDefiningOp();
  if (auto linear = dyn_cast_if_present<LinearOp>(op)) {
    return selectFromLinear(builder, linear, columns);
  }
  if (auto clip = dyn_cast_if_present<ClipOp>(op)) {
    Value input = selectColumns(builder, clip.getInput(), columns, why);
    if (!input) {
      return {};
    }
    Operation *copy = builder.clone(*clip);
    copy->setOperand(0, input);
    copy->getResult(0).setType(input.getType());
    return copy->getResult(0);
  }
  why = "channels are a part of what is no projection";
  return {};
}
