// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors made from sizes and single values.

#include "Lowering.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace arith = mlir::arith;

static Results lowerRange(Lowering &l) {
  Element element = l.resultElement();
  Element compute = getComputeElement(element);
  for (size_t i = 0; i < 3; ++i) {
    if (!l.has(i) || l.element(i).type != element.type ||
        l.op.getType(i).getNumElements() != 1) {
      return l.fail("expects one start, limit and delta of the result's type");
    }
  }
  if (l.resultShape().size() != 1) {
    return l.fail("expects a result of one axis");
  }
  Value start = l.s.widen(l.readScalar(0));
  Value delta = l.s.widen(l.readScalar(2));
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    Type i64 = l.b.getI64Type();
    Value index = l.s.convert(l.s.fromIndex(at[0], i64), {i64, false},
                              compute);
    return l.s.add(start, l.s.mul(index, delta));
  }));
}

static Results lowerConstantOfShape(Lowering &l) {
  auto value =
      dyn_cast_if_present<DenseElementsAttr>(l.op.getAttribute("value"));
  Type type = l.resultElement().type;
  Value scalar = l.s.constant(type, 0);
  if (value) {
    if (value.getNumElements() != 1 ||
        getElement(value.getElementType()).type != type) {
      return l.fail("expects one element of the result's type");
    }
    scalar = isa<FloatType>(type)
                 ? l.s.constant(type, value.getValues<llvm::APFloat>()[0]
                                          .convertToDouble())
                 : l.s.integer(type, value.getValues<llvm::APInt>()[0]
                                         .getSExtValue());
  }
  return one(l.filled(l.resultShape(), scalar));
}

static Results lowerEyeLike(Lowering &l) {
  if (l.resultShape().size() != 2) {
    return l.fail("expects a matrix");
  }
  int64_t offset = l.op.getInt("k", 0);
  Type type = l.resultElement().type;
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    Value isOne = arith::CmpIOp::create(l.b, arith::CmpIPredicate::eq,
                                        l.s.addIndex(at[0], offset), at[1]);
    return l.s.select(isOne, l.s.constant(type, 1), l.s.constant(type, 0));
  }));
}

/// Keeps what is on or above (upper) or below the diagonal `k`.
static Results lowerTrilu(Lowering &l) {
  ArrayRef<int64_t> shape = l.shape(0);
  if (shape.size() < 2 || failed(l.expectShape(shape))) {
    return l.fail("expects matrices");
  }
  bool upper = l.op.getInt("upper", 1) != 0;
  Value diagonal = l.has(1) ? l.readIndex(1, 0) : l.s.index(0);
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    Value column = at[shape.size() - 1];
    Value edge = l.s.addIndex(at[shape.size() - 2], diagonal);
    Value isKept = arith::CmpIOp::create(
        l.b, upper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle,
        column, edge);
    return l.s.select(isKept, l.extract(l.get(0), at),
                      l.s.constant(l.resultElement().type, 0));
  }));
}

/// indices, depth, [off, on].
static Results lowerOneHot(Lowering &l) {
  auto rank = static_cast<int64_t>(l.resultShape().size());
  FailureOr<int64_t> axis = l.getAxis(l.op.getInt("axis", -1), rank);
  if (failed(axis)) {
    return failure();
  }
  SmallVector<int64_t> expected(l.shape(0));
  if (*axis > static_cast<int64_t>(expected.size())) {
    return l.fail("expects a result with one axis more than the indices");
  }
  int64_t depth = l.resultShape()[*axis];
  expected.insert(expected.begin() + *axis, depth);
  if (failed(l.expectShape(expected))) {
    return failure();
  }
  if (l.shape(2) != ArrayRef<int64_t>{2}) {
    return l.fail("expects two values");
  }
  Type i64 = l.b.getI64Type();
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> place(at);
    place.erase(place.begin() + *axis);
    Value hot = l.s.convert(l.s.widen(l.extract(l.get(0), place)),
                            getComputeElement(l.element(0)), {i64, false});
    Value index = l.s.toIndex(hot, false);
    Value isNegative = l.s.indexLess(index, l.s.index(0));
    index = l.s.select(isNegative, l.s.addIndex(index, depth), index);
    Value isHot = arith::CmpIOp::create(l.b, arith::CmpIPredicate::eq, index,
                                        at[*axis]);
    return l.extract(l.get(2), ValueRange(l.s.select(
                                   isHot, l.s.index(1), l.s.index(0))));
  }));
}

void onnxir::addGenerators(LoweringTable &table) {
  table["Range"] = lowerRange;
  table["ConstantOfShape"] = lowerConstantOfShape;
  table["EyeLike"] = lowerEyeLike;
  table["Trilu"] = lowerTrilu;
  table["OneHot"] = lowerOneHot;
}
