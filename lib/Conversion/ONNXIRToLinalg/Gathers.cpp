// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements by indices that are data. An index outside of its axis is clamped:
// no model reads beyond a tensor.

#include "Lowering.h"

using namespace qeff;
using namespace qeff::onnxir;

/// The index that element `at` of operand 1 is, inside [0, size).
static Value getIndex(Lowering &l, ValueRange at, int64_t size) {
  Value index = l.extract(l.get(1), at);
  return l.s.wrap(l.s.toIndex(index, l.element(1).isUnsigned), size);
}

static LogicalResult checkElements(Lowering &l) {
  if (l.element(1).isFloat() || l.element(1).isBool()) {
    return l.fail("expects integers as indices");
  }
  if (l.op.getType(0).getNumElements() == 0 &&
      l.op.getResultType(0).getNumElements() != 0) {
    return l.fail("expects elements to take from");
  }
  return success();
}

static Results lowerGather(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", 0);
  if (failed(axis) || failed(checkElements(l))) {
    return failure();
  }
  size_t numIndices = l.shape(1).size();
  SmallVector<int64_t> expected(l.shape(0).take_front(*axis));
  llvm::append_range(expected, l.shape(1));
  llvm::append_range(expected, l.shape(0).drop_front(*axis + 1));
  if (failed(l.expectShape(expected))) {
    return failure();
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    Value index =
        getIndex(l, at.slice(*axis, numIndices), l.shape(0)[*axis]);
    SmallVector<Value> source(at.take_front(*axis));
    source.push_back(index);
    llvm::append_range(source, at.drop_front(*axis + numIndices));
    return l.extract(l.get(0), source);
  }));
}

static Results lowerGatherElements(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", 0);
  if (failed(axis) || failed(checkElements(l))) {
    return failure();
  }
  if (l.shape(1).size() != l.shape(0).size() || l.resultShape() != l.shape(1)) {
    return l.fail("expects a result of the indices' shape");
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> source;
    for (auto [i, index] : llvm::enumerate(at)) {
      source.push_back(l.s.clamp(index, 0, l.shape(0)[i] - 1));
    }
    source[*axis] = getIndex(l, at, l.shape(0)[*axis]);
    return l.extract(l.get(0), source);
  }));
}

static Results lowerGatherND(Lowering &l) {
  int64_t batch = l.op.getInt("batch_dims", 0);
  ArrayRef<int64_t> data = l.shape(0);
  ArrayRef<int64_t> indices = l.shape(1);
  if (indices.empty() || failed(checkElements(l))) {
    return l.fail("expects indices of at least one axis and elements");
  }
  auto outer = static_cast<int64_t>(indices.size()) - 1;
  int64_t depth = indices.back();
  if (batch < 0 || batch > outer || depth < 0 ||
      batch + depth > static_cast<int64_t>(data.size()) ||
      data.take_front(batch) != indices.take_front(batch)) {
    return l.fail("expects batch_dims and indices that fit the data");
  }
  SmallVector<int64_t> expected(indices.drop_back());
  llvm::append_range(expected, data.drop_front(batch + depth));
  if (failed(l.expectShape(expected))) {
    return failure();
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> source(at.take_front(batch));
    SmallVector<Value> entry(at.take_front(outer));
    for (int64_t i = 0; i < depth; ++i) {
      entry.push_back(l.s.index(i));
      source.push_back(getIndex(l, entry, data[batch + i]));
      entry.pop_back();
    }
    llvm::append_range(source, at.drop_front(outer));
    return l.extract(l.get(0), source);
  }));
}

void onnxir::addGathers(LoweringTable &table) {
  table["Gather"] = lowerGather;
  table["GatherElements"] = lowerGatherElements;
  table["GatherND"] = lowerGatherND;
}
