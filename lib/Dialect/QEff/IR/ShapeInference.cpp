// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ShapeOpInterface of the ops whose result's shape is not their first
// operand's.

#include "qeff/Dialect/QEff/IR/QEffOps.h"

using namespace qeff;

static int64_t getSize(Value value, unsigned axis) {
  return cast<ShapedType>(value.getType()).getDimSize(axis);
}

/// heads·size where both are known.
static int64_t multiply(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b)
             ? ShapedType::kDynamic
             : a * b;
}

SmallVector<int64_t> EmbeddingOp::inferResultShape(DictionaryAttr dims) {
  return {getSize(getIds(), 0), getSize(getIds(), 1), getSize(getTable(), 1)};
}

SmallVector<int64_t> LinearOp::inferResultShape(DictionaryAttr dims) {
  SmallVector<int64_t> shape(
      cast<ShapedType>(getInput().getType()).getShape());
  shape.back() = getSize(getWeight(), 0);
  return shape;
}

SmallVector<int64_t> SplitHeadsOp::inferResultShape(DictionaryAttr dims) {
  return {getSize(getInput(), 0), getSize(getResult(), 1),
          getSize(getInput(), 1), getSize(getResult(), 3)};
}

SmallVector<int64_t> MergeHeadsOp::inferResultShape(DictionaryAttr dims) {
  return {getSize(getInput(), 0), getSize(getInput(), 2),
          multiply(getSize(getInput(), 1), getSize(getInput(), 3))};
}

SmallVector<int64_t> AttentionOp::inferResultShape(DictionaryAttr dims) {
  return {getSize(getQ(), 0), getSize(getQ(), 1), getSize(getQ(), 2),
          getSize(getV(), 3)};
}

SmallVector<int64_t> LogitsSelectOp::inferResultShape(DictionaryAttr dims) {
  return {getSize(getInput(), 0), 1, getSize(getInput(), 2)};
}

SmallVector<int64_t> PoolOp::inferResultShape(DictionaryAttr dims) {
  return {getSize(getInput(), 0), getSize(getInput(), 2)};
}

SmallVector<int64_t> CachePositionsOp::inferResultShape(DictionaryAttr dims) {
  auto slots = dims.getAs<IntegerAttr>(getSlots());
  return {getSize(getPositions(), 0),
          slots ? slots.getInt() : ShapedType::kDynamic};
}

SmallVector<int64_t> SliceOp::inferResultShape(DictionaryAttr dims) {
  // A dynamic axis is taken whole (C2).
  SmallVector<int64_t> shape(
      cast<ShapedType>(getResult().getType()).getShape());
  for (auto [axis, size] : llvm::enumerate(shape)) {
    if (ShapedType::isDynamic(size)) {
      size = getSize(getInput(), axis);
    }
  }
  return shape;
}

SmallVector<int64_t> ConcatOp::inferResultShape(DictionaryAttr dims) {
  SmallVector<int64_t> shape(
      cast<ShapedType>(getInputs().front().getType()).getShape());
  int64_t &total = shape[getAxis()];
  for (Value input : getInputs().drop_front()) {
    int64_t size = getSize(input, getAxis());
    bool isDynamic = ShapedType::isDynamic(size) ||
                     ShapedType::isDynamic(total);
    total = isDynamic ? ShapedType::kDynamic : total + size;
  }
  return shape;
}
