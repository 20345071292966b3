// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Channels of a fused projection become a projection of their own.

#include "ColumnSelection.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;

namespace {
/// Rows `first` to `first + count` of a weight.
struct Run {
  int64_t first, count;
};
} // namespace

static SmallVector<Run> getRuns(ArrayRef<int64_t> rows) {
  SmallVector<Run> runs;
  for (int64_t row : rows) {
    if (!runs.empty() && runs.back().first + runs.back().count == row) {
      ++runs.back().count;
    } else {
      runs.push_back({row, 1});
    }
  }
  return runs;
}

static RankedTensorType withRows(RankedTensorType type, int64_t rows) {
  SmallVector<int64_t> shape = llvm::to_vector(type.getShape());
  shape[0] = rows;
  return type.clone(shape);
}

/// The given rows of a weight [N] or [N, K]. Runs of one length at one distance
/// are a slice of the weight seen as [runs, distance, …].
static Value selectRows(OpBuilder &builder, Location loc, Value weight,
                        ArrayRef<int64_t> rows) {
  auto type = cast<RankedTensorType>(weight.getType());
  SmallVector<Run> runs = getRuns(rows);
  auto count = static_cast<int64_t>(rows.size());
  auto slice = [&](Run run) -> Value {
    SmallVector<int64_t> offsets(type.getRank(), 0);
    offsets[0] = run.first;
    return SliceOp::create(builder, loc, withRows(type, run.count), weight,
                           offsets);
  };
  if (runs.size() == 1) {
    return slice(runs.front());
  }
  auto number = static_cast<int64_t>(runs.size());
  int64_t distance = runs[1].first - runs[0].first;
  bool isRegular = distance > 0 && runs[0].first < distance &&
                   distance * number == type.getDimSize(0);
  for (auto [i, run] : llvm::enumerate(runs)) {
    isRegular &= run.count == runs[0].count &&
                 run.first ==
                     runs[0].first + static_cast<int64_t>(i) * distance;
  }
  if (!isRegular || runs[0].first + runs[0].count > distance) {
    SmallVector<Value> parts = llvm::map_to_vector(runs, slice);
    return ConcatOp::create(builder, loc, withRows(type, count), parts, 0);
  }
  SmallVector<int64_t> shape{number, distance};
  llvm::append_range(shape, type.getShape().drop_front());
  Value grouped = ReshapeOp::create(builder, loc, type.clone(shape), weight);
  SmallVector<int64_t> offsets(shape.size(), 0);
  offsets[1] = runs[0].first;
  shape[1] = runs[0].count;
  Value part =
      SliceOp::create(builder, loc, type.clone(shape), grouped, offsets);
  return ReshapeOp::create(builder, loc, withRows(type, count), part);
}

static Value selectFromLinear(OpBuilder &builder, LinearOp linear,
                              ArrayRef<int64_t> columns) {
  Value weight = selectRows(builder, linear.getLoc(), linear.getWeight(),
                            columns);
  Value bias = linear.getBias();
  if (bias) {
    bias = selectRows(builder, linear.getLoc(), bias, columns);
  }
  // Adapters of the fused module reach parts that are consecutive.
  ModuleAttr module = linear.getModuleAttr();
  if (module) {
    module = getRuns(columns).size() == 1
                 ? ModuleAttr::get(builder.getContext(), module.getPath(),
                                   module.getRow() + columns.front(),
                                   module.getTransposed())
                 : ModuleAttr();
  }
  auto type = cast<RankedTensorType>(linear.getType());
  SmallVector<int64_t> shape = llvm::to_vector(type.getShape());
  shape.back() = static_cast<int64_t>(columns.size());
  return LinearOp::create(builder, linear.getLoc(), type.clone(shape),
                          linear.getInput(), weight, bias, module,
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
