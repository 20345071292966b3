// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Updates at indices that are data, in the order of the updates. An update
// whose index is outside of its axis is dropped.

#include "Lowering.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace scf = mlir::scf;

static bool isReduction(StringRef name) {
  return name == "none" || name == "add" || name == "mul" || name == "max" ||
         name == "min";
}

static Value combine(Lowering &l, StringRef name, Value old, Value update,
                     Element element) {
  if (name == "add") {
    return l.s.add(old, update);
  }
  if (name == "mul") {
    return l.s.mul(old, update);
  }
  if (name == "max") {
    return l.s.max(old, update, element.isUnsigned);
  }
  return name == "min" ? l.s.min(old, update, element.isUnsigned) : update;
}

/// A copy of operand 0.
static Value copyData(Lowering &l) {
  return l.generate(l.resultType(), [&](ValueRange at) {
    return l.extract(l.get(0), at);
  });
}

/// Updates the element of `data` at `place`, where it `isInside`.
static Value update(Lowering &l, Value data, ValueRange place, Value isInside,
                    Value element, StringRef reduction) {
  auto branch = scf::IfOp::create(l.b, mlir::TypeRange(data.getType()), isInside,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(l.b);
  l.b.setInsertionPointToStart(branch.thenBlock());
  Element type = l.resultElement();
  Value old = l.s.widen(l.extract(data, place));
  Value next = combine(l, reduction, old, l.s.widen(element),
                       getComputeElement(type));
  scf::YieldOp::create(l.b,
                       l.insert(l.s.narrow(next, type.type), data, place));
  l.b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(l.b, data);
  return branch.getResult(0);
}

/// The index at `at` of operand 1, counted from the end where it is negative,
/// and in `isInside` whether it is in [0, size) too.
static Value readIndex(Lowering &l, ValueRange at, int64_t size,
                       Value &isInside) {
  Value index = l.s.toIndex(l.extract(l.get(1), at), l.element(1).isUnsigned);
  Value isNegative = l.s.indexLess(index, l.s.index(0));
  index = l.s.select(isNegative, l.s.addIndex(index, size), index);
  isInside = l.s.logicalAnd(isInside, l.s.inBounds(index, size));
  return index;
}

static FailureOr<StringRef> getReduction(Lowering &l) {
  StringRef reduction = l.op.getString("reduction", "none");
  if (!isReduction(reduction)) {
    return l.fail("expects reduction none, add, mul, max or min, got '" +
                  reduction + "'");
  }
  if (l.element(1).isFloat() || l.element(1).isBool()) {
    return l.fail("expects integers as indices");
  }
  return reduction;
}

static Results lowerScatterElements(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", 0);
  FailureOr<StringRef> reduction = getReduction(l);
  if (failed(axis) || failed(reduction)) {
    return failure();
  }
  if (l.shape(1) != l.shape(2) || l.shape(1).size() != l.shape(0).size() ||
      l.resultShape() != l.shape(0)) {
    return l.fail("expects indices and updates of one shape");
  }
  return l.loop(copyData(l), l.shape(1), [&](ValueRange at, ValueRange t) {
    Value isInside = l.s.boolean(true);
    SmallVector<Value> place(at);
    place[*axis] = readIndex(l, at, l.shape(0)[*axis], isInside);
    for (auto [index, size] : llvm::zip(place, l.shape(0))) {
      isInside = l.s.logicalAnd(isInside, l.s.inBounds(index, size));
    }
    return one(update(l, t[0], place, isInside, l.extract(l.get(2), at),
                      *reduction));
  });
}

static Results lowerScatterND(Lowering &l) {
  FailureOr<StringRef> reduction = getReduction(l);
  if (failed(reduction)) {
    return failure();
  }
  ArrayRef<int64_t> data = l.shape(0);
  ArrayRef<int64_t> indices = l.shape(1);
  bool fits = !indices.empty() &&
              indices.back() <= static_cast<int64_t>(data.size()) &&
              l.resultShape() == data;
  SmallVector<int64_t> expected;
  if (fits) {
    llvm::append_range(expected, indices.drop_back());
    llvm::append_range(expected, data.drop_front(indices.back()));
  }
  if (!fits || l.shape(2) != ArrayRef<int64_t>(expected)) {
    return l.fail("expects indices and updates that fit the data");
  }
  size_t outer = indices.size() - 1;
  return l.loop(copyData(l), l.shape(2), [&](ValueRange at, ValueRange t) {
    Value isInside = l.s.boolean(true);
    SmallVector<Value> entry(at.take_front(outer));
    SmallVector<Value> place;
    for (int64_t i = 0; i < indices.back(); ++i) {
      entry.push_back(l.s.index(i));
      place.push_back(readIndex(l, entry, data[i], isInside));
      entry.pop_back();
    }
    llvm::append_range(place, at.drop_front(outer));
    return one(update(l, t[0], place, isInside, l.extract(l.get(2), at),
                      *reduction));
  });
}

/// past_cache, update, write_indices [B]: update at the axis `axis` from the
/// row's index on; in circular mode around the end.
static Results lowerTensorScatter(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", -2);
  StringRef mode = l.op.getString("mode", "linear");
  if (failed(axis)) {
    return failure();
  }
  ArrayRef<int64_t> shape = l.shape(0);
  if (l.shape(1).size() != shape.size() || l.resultShape() != shape ||
      shape.empty() || *axis == 0 ||
      (mode != "linear" && mode != "circular") ||
      (l.has(2) && l.shape(2) != ArrayRef<int64_t>{shape[0]})) {
    return l.fail("expects an update and write indices that fit the cache, and "
                  "mode linear or circular");
  }
  return l.loop(copyData(l), l.shape(1), [&](ValueRange at, ValueRange t) {
    Value start = l.has(2)
                      ? l.s.toIndex(l.extract(l.get(2), at[0]), false)
                      : l.s.index(0);
    SmallVector<Value> place(at);
    place[*axis] = l.s.addIndex(start, at[*axis]);
    if (mode == "circular") {
      place[*axis] = mlir::arith::RemSIOp::create(
          l.b, place[*axis], l.s.index(std::max<int64_t>(shape[*axis], 1)));
    }
    Value isInside = l.s.boolean(true);
    for (auto [index, size] : llvm::zip(place, shape)) {
      isInside = l.s.logicalAnd(isInside, l.s.inBounds(index, size));
    }
    return one(
        update(l, t[0], place, isInside, l.extract(l.get(1), at), "none"));
  });
}

void onnxir::addScatters(LoweringTable &table) {
  table["ScatterElements"] = lowerScatterElements;
  table["ScatterND"] = lowerScatterND;
  table["TensorScatter"] = lowerTensorScatter;
}
