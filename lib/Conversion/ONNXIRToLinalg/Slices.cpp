// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slices, padding and reversal: each element of the result is read from a
// computed place.

#include "Lowering.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace arith = mlir::arith;

namespace {
/// One value per axis, from lists that name their axes.
class AxisValues {
public:
  AxisValues(Lowering &l, size_t axesOperand, size_t count)
      : l(l), axesOperand(axesOperand), count(count) {}

  /// Element `at` of `operand` for the entry that names `axis`, else
  /// `otherwise`. Axes may be known while running only.
  Value get(size_t operand, int64_t axis, Value otherwise) {
    auto rank = static_cast<int64_t>(l.shape(0).size());
    Value result = otherwise;
    for (size_t at = 0; at < count; ++at) {
      auto entry = static_cast<int64_t>(at);
      if (!l.has(axesOperand)) {
        if (entry == axis) {
          return l.readIndex(operand, entry);
        }
        continue;
      }
      if (auto axes = l.op.getConstant(axesOperand)) {
        int64_t named = (*axes)[at];
        if ((named < 0 ? named + rank : named) == axis) {
          result = l.readIndex(operand, entry);
        }
        continue;
      }
      Value named = l.readIndex(axesOperand, entry);
      auto isAxis = [&](int64_t value) -> Value {
        return arith::CmpIOp::create(l.b, arith::CmpIPredicate::eq, named,
                                     l.s.index(value));
      };
      result = l.s.select(l.s.logicalOr(isAxis(axis), isAxis(axis - rank)),
                          l.readIndex(operand, entry), result);
    }
    return result;
  }

private:
  Lowering &l;
  size_t axesOperand;
  size_t count;
};
} // namespace

/// The start of a slice in [0, size) by ONNX's rules: negative ones count from
/// the end, then they are clamped to where the step can start.
static Value clampStart(Lowering &l, Value start, Value step, int64_t size) {
  Value isNegative = l.s.indexLess(start, l.s.index(0));
  Value from = l.s.select(isNegative, l.s.addIndex(start, size), start);
  Value goesBack = l.s.indexLess(step, l.s.index(0));
  Value high =
      l.s.select(goesBack, l.s.index(size - 1), l.s.index(size));
  Value low = arith::MaxSIOp::create(l.b, from, l.s.index(0));
  return arith::MinSIOp::create(l.b, low, high);
}

static Results lowerSlice(Lowering &l) {
  ArrayRef<int64_t> shape = l.shape(0);
  if (l.shape(1).size() != 1) {
    return l.fail("expects a list of starts");
  }
  auto count = static_cast<size_t>(l.shape(1)[0]);
  for (size_t list : {2, 3, 4}) {
    if (l.has(list) &&
        l.shape(list) != ArrayRef<int64_t>{static_cast<int64_t>(count)}) {
      return l.fail("expects lists of one length");
    }
  }
  if (count > shape.size()) {
    return l.fail("expects at most one entry for each axis");
  }
  if (l.resultShape().size() != shape.size() ||
      (l.op.getType(0).getNumElements() == 0 &&
       l.op.getResultType(0).getNumElements() != 0)) {
    return l.fail("expects a result that is a part of the operand");
  }
  AxisValues values(l, 3, count);
  SmallVector<Value> starts, steps;
  for (auto [i, size] : llvm::enumerate(shape)) {
    auto axis = static_cast<int64_t>(i);
    Value step = l.has(4) ? values.get(4, axis, l.s.index(1)) : l.s.index(1);
    Value start = values.get(1, axis, l.s.index(0));
    starts.push_back(clampStart(l, start, step, size));
    steps.push_back(step);
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> source;
    for (auto [axis, index] : llvm::enumerate(at)) {
      Value place = l.s.addIndex(starts[axis],
                                 l.s.mulIndex(index, steps[axis]));
      source.push_back(l.s.clamp(place, 0, shape[axis] - 1));
    }
    return l.extract(l.get(0), source);
  }));
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

/// The place in [0, size) that position `at` of a padded axis shows.
static Value reflect(Lowering &l, Value at, int64_t size, StringRef mode) {
  if (mode == "edge" || mode == "constant" || size < 2) {
    return l.s.clamp(at, 0, size - 1);
  }
  // Positions repeat after `period`; in reflection the second half goes back.
  int64_t period = mode == "wrap" ? size : 2 * (size - 1);
  Value length = l.s.index(period);
  Value rest = arith::RemSIOp::create(l.b, at, length);
  Value isNegative = l.s.indexLess(rest, l.s.index(0));
  rest = l.s.select(isNegative, l.s.addIndex(rest, length), rest);
  if (mode == "wrap") {
    return rest;
  }
  Value back = l.s.subIndex(length, rest);
  return l.s.select(l.s.indexLess(rest, l.s.index(size)), rest, back);
}

static Results lowerPad(Lowering &l) {
  StringRef mode = l.op.getString("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      mode != "wrap") {
    return l.fail("expects mode constant, edge, reflect or wrap, got '" +
                  mode + "'");
  }
  ArrayRef<int64_t> shape = l.shape(0);
  int64_t entries = l.has(3) ? l.op.getType(3).getNumElements()
                             : static_cast<int64_t>(shape.size());
  if (l.op.getType(1).getNumElements() != 2 * entries) {
    return l.fail("expects two pads for each axis");
  }
  if (l.resultShape().size() != shape.size()) {
    return l.fail("expects a result with the operand's axes");
  }
  bool isEmpty = l.op.getType(0).getNumElements() == 0;
  if (isEmpty && mode != "constant") {
    return l.fail("expects elements to pad with");
  }
  AxisValues values(l, 3, static_cast<size_t>(entries));
  SmallVector<Value> pads;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    pads.push_back(values.get(1, static_cast<int64_t>(axis), l.s.index(0)));
  }
  Value fill = l.has(2) ? l.readScalar(2)
                        : l.s.constant(l.resultElement().type, 0);
  if (isEmpty) {
    return one(l.filled(l.resultShape(), fill));
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> source;
    Value isInside = l.s.boolean(true);
    for (auto [axis, index] : llvm::enumerate(at)) {
      Value place = l.s.subIndex(index, pads[axis]);
      isInside = l.s.logicalAnd(isInside, l.s.inBounds(place, shape[axis]));
      source.push_back(l.s.clamp(reflect(l, place, shape[axis], mode), 0,
                                 shape[axis] - 1));
    }
    Value element = l.extract(l.get(0), source);
    return mode == "constant" ? l.s.select(isInside, element, fill) : element;
  }));
}

//===----------------------------------------------------------------------===//
// Center and reversal
//===----------------------------------------------------------------------===//

static Results lowerCenterCropPad(Lowering &l) {
  ArrayRef<int64_t> from = l.shape(0);
  ArrayRef<int64_t> to = l.resultShape();
  if (l.op.getType(0).getNumElements() == 0 || from.size() != to.size()) {
    return l.fail("expects elements to pad or crop");
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> source;
    Value isInside = l.s.boolean(true);
    for (auto [axis, index] : llvm::enumerate(at)) {
      int64_t crop = std::max<int64_t>(from[axis] - to[axis], 0) / 2;
      int64_t pad = std::max<int64_t>(to[axis] - from[axis], 0) / 2;
      Value place = l.s.addIndex(index, crop - pad);
      isInside = l.s.logicalAnd(isInside, l.s.inBounds(place, from[axis]));
      source.push_back(l.s.clamp(place, 0, from[axis] - 1));
    }
    return l.s.select(isInside, l.extract(l.get(0), source),
                      l.s.constant(l.resultElement().type, 0));
  }));
}

static Results lowerReverseSequence(Lowering &l) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  FailureOr<int64_t> batch = l.getAxis(l.op.getInt("batch_axis", 1), rank);
  FailureOr<int64_t> time = l.getAxis(l.op.getInt("time_axis", 0), rank);
  if (failed(batch) || failed(time)) {
    return failure();
  }
  if (l.shape(1) != ArrayRef<int64_t>{l.shape(0)[*batch]}) {
    return l.fail("expects a length for each entry of the batch");
  }
  if (failed(l.expectShape(l.shape(0)))) {
    return failure();
  }
  int64_t size = l.shape(0)[*time];
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    Value length = l.s.toIndex(l.extract(l.get(1), at[*batch]), false);
    Value last = l.s.addIndex(l.s.clamp(length, 0, size), -1);
    Value isBehind = l.s.indexLess(last, at[*time]);
    SmallVector<Value> source(at);
    source[*time] =
        l.s.select(isBehind, at[*time], l.s.subIndex(last, at[*time]));
    return l.extract(l.get(0), source);
  }));
}

void onnxir::addSlices(LoweringTable &table) {
  table["Slice"] = lowerSlice;
  table["Pad"] = lowerPad;
  table["CenterCropPad"] = lowerCenterCropPad;
  table["ReverseSequence"] = lowerReverseSequence;
}
