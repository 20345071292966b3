// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Some rows of a weight, lazily.

#include "qeff/Dialect/QEff/IR/WeightRows.h"

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

/// Runs of one length at one distance are a slice of the weight seen as
/// [runs, distance, …].
Value qeff::selectRows(OpBuilder &builder, Location loc, Value weight,
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
