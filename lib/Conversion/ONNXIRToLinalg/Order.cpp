// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that find largest or smallest elements.

#include "Lowering.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace arith = mlir::arith;
namespace scf = mlir::scf;

/// Whether element a comes before c: larger where `largest`, else smaller. A
/// NaN comes before numbers where `largest`.
static Value comesBefore(Lowering &l, Value a, Value c, bool largest,
                         Element element) {
  Value result = l.s.compare(largest ? Compare::Greater : Compare::Less, a, c,
                             element.isUnsigned);
  if (!element.isFloat()) {
    return result;
  }
  Value first = largest ? a : c;
  Value second = largest ? c : a;
  Value nanFirst = l.s.logicalAnd(l.s.isNaN(first),
                                  l.s.logicalNot(l.s.isNaN(second)));
  return l.s.logicalOr(result, nanFirst);
}

/// The index along `axis` of the first (or last) extreme element of each line, a
/// tensor i64 without that axis.
static Value findExtreme(Lowering &l, int64_t axis, bool largest, bool last) {
  ArrayRef<int64_t> shape = l.shape(0);
  Element element = getComputeElement(l.element(0));
  SmallVector<int64_t> lines(shape);
  lines.erase(lines.begin() + axis);
  Type i64 = l.b.getI64Type();
  return l.generate(RankedTensorType::get(lines, i64), [&](ValueRange at) {
    SmallVector<Value> start(at);
    start.insert(start.begin() + axis, l.s.index(0));
    Value first = l.s.widen(l.extract(l.get(0), start));
    auto loop = scf::ForOp::create(
        l.b, l.s.index(1), l.s.index(shape[axis]), l.s.index(1),
        ValueRange{first, l.s.index(0)});
    OpBuilder::InsertionGuard guard(l.b);
    l.b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> place(start);
    place[axis] = loop.getInductionVar();
    Value x = l.s.widen(l.extract(l.get(0), place));
    Value best = loop.getRegionIterArg(0);
    Value isBetter = last ? l.s.logicalNot(comesBefore(l, best, x, largest,
                                                       element))
                          : comesBefore(l, x, best, largest, element);
    scf::YieldOp::create(
        l.b, ValueRange{l.s.select(isBetter, x, best),
                        l.s.select(isBetter, place[axis],
                                   loop.getRegionIterArg(1))});
    l.b.setInsertionPointAfter(loop);
    return l.s.fromIndex(loop.getResult(1), i64);
  });
}

static Results lowerArg(Lowering &l, bool largest) {
  FailureOr<int64_t> axis = l.getAxis("axis", 0);
  if (failed(axis)) {
    return failure();
  }
  if (l.shape(0)[*axis] == 0) {
    return l.fail("expects elements to compare");
  }
  SmallVector<int64_t> expected(l.shape(0));
  if (l.op.getInt("keepdims", 1) != 0) {
    expected[*axis] = 1;
  } else {
    expected.erase(expected.begin() + *axis);
  }
  if (failed(l.expectShape(expected))) {
    return failure();
  }
  Value found = findExtreme(l, *axis, largest,
                            l.op.getInt("select_last_index", 0) != 0);
  return one(l.reshape(found, l.resultShape()));
}

static Results lowerHardmax(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", -1);
  if (failed(axis) || failed(l.expectShape(l.shape(0)))) {
    return failure();
  }
  if (l.shape(0)[*axis] == 0) {
    return l.fail("expects elements to compare");
  }
  Value found = findExtreme(l, *axis, /*largest=*/true, /*last=*/false);
  Type type = l.resultElement().type;
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> line(at);
    line.erase(line.begin() + *axis);
    Value index = l.s.toIndex(l.extract(found, line), false);
    Value isHot = arith::CmpIOp::create(l.b, arith::CmpIPredicate::eq, index,
                                        at[*axis]);
    return l.s.select(isHot, l.s.constant(type, 1), l.s.constant(type, 0));
  }));
}

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

/// Whether element (a, at i) comes before (c, at j) in the order of the result:
/// equal elements by index.
static Value isAhead(Lowering &l, Value a, Value i, Value c, Value j,
                     bool largest, Element element) {
  Value before = comesBefore(l, a, c, largest, element);
  Value after = comesBefore(l, c, a, largest, element);
  return l.s.logicalOr(
      before, l.s.logicalAnd(l.s.logicalNot(after), l.s.indexLess(i, j)));
}

/// The index of the first element of a line behind the element at `last`, or of
/// all where that is −1.
static Value findNext(Lowering &l, ValueRange line, int64_t axis, Value last,
                      bool largest) {
  int64_t size = l.shape(0)[axis];
  Element element = getComputeElement(l.element(0));
  auto read = [&](Value index) {
    SmallVector<Value> place(line);
    place[axis] = index;
    return l.s.widen(l.extract(l.get(0), place));
  };
  Value isFirst = l.s.indexLess(last, l.s.index(0));
  Value lastElement = read(l.s.clamp(last, 0, size - 1));
  auto loop = scf::ForOp::create(l.b, l.s.index(0), l.s.index(size),
                                 l.s.index(1), ValueRange(l.s.index(-1)));
  OpBuilder::InsertionGuard guard(l.b);
  l.b.setInsertionPointToStart(loop.getBody());
  Value at = loop.getInductionVar();
  Value best = loop.getRegionIterArg(0);
  Value x = read(at);
  Value isLeft = l.s.logicalOr(
      isFirst, isAhead(l, lastElement, last, x, at, largest, element));
  Value isBetter = l.s.logicalOr(
      l.s.indexLess(best, l.s.index(0)),
      isAhead(l, x, at, read(l.s.clamp(best, 0, size - 1)), best, largest,
              element));
  scf::YieldOp::create(
      l.b, l.s.select(l.s.logicalAnd(isLeft, isBetter), at, best));
  return loop.getResult(0);
}

/// The k first elements of each line, one after another: k passes, no memory.
static Results lowerTopK(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", -1);
  if (failed(axis)) {
    return failure();
  }
  bool largest = l.op.getInt("largest", 1) != 0;
  SmallVector<int64_t> expected(l.shape(0));
  expected[*axis] = l.resultShape().size() == expected.size()
                        ? l.resultShape()[*axis]
                        : -1;
  if (failed(l.expectShape(expected)) || failed(l.expectShape(expected, 1))) {
    return failure();
  }
  if (expected[*axis] > l.shape(0)[*axis]) {
    return l.fail("expects k of at most the axis' size");
  }
  if (l.op.getType(0).getNumElements() == 0) {
    return SmallVector<Value>{l.empty(l.resultShape(), l.resultElement().type),
                              l.empty(l.resultShape(1), l.b.getI64Type())};
  }
  Type i64 = l.b.getI64Type();
  SmallVector<Value> inits{l.empty(l.resultShape(), l.resultElement().type),
                           l.empty(l.resultShape(1), i64)};
  // Ranks are the outermost loop: the one before is in the result already.
  SmallVector<int64_t> bounds{expected[*axis]};
  llvm::append_range(bounds, expected);
  bounds[*axis + 1] = 1;
  return l.loop(inits, bounds, [&](ValueRange at, ValueRange t) {
    SmallVector<Value> place(at.drop_front());
    SmallVector<Value> before(place);
    Value isFirst = arith::CmpIOp::create(l.b, arith::CmpIPredicate::eq, at[0],
                                          l.s.index(0));
    before[*axis] = l.s.select(isFirst, at[0], l.s.addIndex(at[0], -1));
    Value last = l.s.toIndex(l.extract(t[1], before), false);
    last = l.s.select(isFirst, l.s.index(-1), last);
    Value next = findNext(l, place, *axis, last, largest);
    next = l.s.clamp(next, 0, l.shape(0)[*axis] - 1);
    SmallVector<Value> source(place);
    source[*axis] = next;
    place[*axis] = at[0];
    return SmallVector<Value>{
        l.insert(l.extract(l.get(0), source), t[0], place),
        l.insert(l.s.fromIndex(next, i64), t[1], place)};
  });
}

void onnxir::addOrder(LoweringTable &table) {
  table["ArgMax"] = [](Lowering &l) { return lowerArg(l, true); };
  table["ArgMin"] = [](Lowering &l) { return lowerArg(l, false); };
  table["Hardmax"] = lowerHardmax;
  table["TopK"] = lowerTopK;
}
