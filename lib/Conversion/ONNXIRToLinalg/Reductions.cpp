// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions over axes, and running sums.

#include "Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace math = mlir::math;

using Axes = SmallVector<int64_t>;

/// Axes that are tried where they are known while running only.
static constexpr size_t kMaxRank = 8;

/// The sets of axes whose loss makes `result` of `shape`.
static SmallVector<Axes> findAxes(ArrayRef<int64_t> shape,
                                  ArrayRef<int64_t> result, bool keepDims) {
  SmallVector<Axes> found;
  for (unsigned set = 0; set < (1u << shape.size()); ++set) {
    Axes axes, rest;
    for (auto [axis, size] : llvm::enumerate(shape)) {
      bool isReduced = (set >> axis) & 1;
      if (isReduced) {
        axes.push_back(static_cast<int64_t>(axis));
      }
      if (!isReduced || keepDims) {
        rest.push_back(isReduced ? 1 : size);
      }
    }
    if (ArrayRef<int64_t>(rest) == result) {
      found.push_back(axes);
    }
  }
  return found;
}

/// Whether operand 1 names the axes `axes` and no other.
static Value isNamed(Lowering &l, ArrayRef<int64_t> axes) {
  namespace arith = mlir::arith;
  auto rank = static_cast<int64_t>(l.shape(0).size());
  int64_t count = l.op.getType(1).getNumElements();
  Value result = l.s.boolean(true);
  for (int64_t axis = 0; axis < rank; ++axis) {
    Value isOne = l.s.boolean(false);
    for (int64_t at = 0; at < count; ++at) {
      Value named = l.readIndex(1, at);
      for (int64_t value : {axis, axis - rank}) {
        isOne = l.s.logicalOr(
            isOne, arith::CmpIOp::create(l.b, arith::CmpIPredicate::eq, named,
                                         l.s.index(value)));
      }
    }
    bool isWanted = llvm::is_contained(axes, axis);
    result = l.s.logicalAnd(result, isWanted ? isOne : l.s.logicalNot(isOne));
  }
  return result;
}

/// The reduced axes where they are constants: of operand 1, sorted.
static FailureOr<Axes> getConstantAxes(Lowering &l) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  std::optional<Axes> given;
  if (l.has(1)) {
    given = l.op.getConstant(1);
  }
  if (!given || given->empty()) {
    return l.op.getInt("noop_with_empty_axes", 0) != 0
               ? Axes()
               : llvm::to_vector(llvm::seq<int64_t>(rank));
  }
  SmallVector<int64_t> axes;
  for (int64_t axis : *given) {
    FailureOr<int64_t> valid = l.getAxis(axis, rank);
    if (failed(valid)) {
      return failure();
    }
    axes.push_back(*valid);
  }
  llvm::sort(axes);
  axes.erase(llvm::unique(axes), axes.end());
  return axes;
}

namespace {
/// A reduction: what is done to an element, how two are combined, what is done
/// to the result of `count` elements.
struct Reduction {
  Value (*init)(Lowering &, Element);
  Value (*transform)(Lowering &, Value, Element);
  Value (*combine)(Lowering &, Value, Value, Element);
  Value (*finish)(Lowering &, Value, Element, int64_t count);
};
} // namespace

/// What `compute` gives for the reduced axes. Axes that are data are found among
/// those that fit the shapes.
static Results reduceAxes(Lowering &l,
                          llvm::function_ref<Results(ArrayRef<int64_t>)>
                              compute) {
  bool isData = l.has(1) && !l.op.getConstant(1) &&
                l.op.getType(1).getNumElements() != 0;
  if (!isData) {
    FailureOr<Axes> axes = getConstantAxes(l);
    return failed(axes) ? Results(failure()) : compute(*axes);
  }
  SmallVector<Axes> sets;
  if (l.shape(0).size() <= kMaxRank && l.shape(1).size() == 1) {
    sets = findAxes(l.shape(0), l.resultShape(),
                    l.op.getInt("keepdims", 1) != 0);
  }
  if (sets.empty()) {
    return l.fail("expects axes that are constants or fit the shapes");
  }
  Results result = compute(sets.front());
  for (const Axes &axes : ArrayRef<Axes>(sets).drop_front()) {
    Results other = compute(axes);
    if (failed(result) || failed(other)) {
      return failure();
    }
    Value condition = isNamed(l, axes);
    result = one(l.map({(*result)[0], (*other)[0]}, l.resultType(),
                       [&](ValueRange v) {
                         return l.s.select(condition, v[1], v[0]);
                       }));
  }
  return result;
}

/// Reduces `input` as it is computed; the shape is the result's.
static Value applyReduction(Lowering &l, const Reduction &reduction,
                            Value input, ArrayRef<int64_t> axes,
                            Element element) {
  int64_t count = 1;
  for (int64_t axis : axes) {
    count *= l.shape(0)[axis];
  }
  Value reduced = l.reduce(
      input, axes, reduction.init(l, element),
      [&](Value sum, Value x) { return reduction.combine(l, sum, x, element); },
      [&](Value x) {
        return reduction.transform ? reduction.transform(l, x, element) : x;
      });
  Value shaped = l.reshape(reduced, l.resultShape());
  return l.map(shaped, l.resultType(), [&](ValueRange v) {
    return reduction.finish ? reduction.finish(l, v[0], element, count) : v[0];
  });
}

static Results lowerReduction(Lowering &l, const Reduction &reduction) {
  Element element = getComputeElement(l.resultElement());
  return reduceAxes(l, [&](ArrayRef<int64_t> axes) {
    return Results(one(applyReduction(l, reduction, l.get(0), axes, element)));
  });
}

static Value zero(Lowering &l, Element e) { return l.s.constant(e.type, 0); }
static Value unit(Lowering &l, Element e) { return l.s.constant(e.type, 1); }
static Value add(Lowering &l, Value a, Value c, Element) {
  return l.s.add(a, c);
}
static Value mul(Lowering &l, Value a, Value c, Element) {
  return l.s.mul(a, c);
}
static Value maxOf(Lowering &l, Value a, Value c, Element e) {
  return l.s.max(a, c, e.isUnsigned);
}
static Value minOf(Lowering &l, Value a, Value c, Element e) {
  return l.s.min(a, c, e.isUnsigned);
}
static Value absolute(Lowering &l, Value x, Element e) {
  return l.s.abs(x, e.isUnsigned);
}
static Value square(Lowering &l, Value x, Element) { return l.s.mul(x, x); }
static Value exponential(Lowering &l, Value x, Element) {
  return math::ExpOp::create(l.b, x);
}

/// Applies a function of floats to integers too.
template <typename MathOp>
static Value viaFloat(Lowering &l, Value x, Element element) {
  if (element.isFloat()) {
    return MathOp::create(l.b, x);
  }
  Element f64{l.b.getF64Type(), false};
  return l.s.convert(MathOp::create(l.b, l.s.convert(x, element, f64)), f64,
                     element);
}

static Value root(Lowering &l, Value x, Element e, int64_t) {
  return viaFloat<math::SqrtOp>(l, x, e);
}
static Value logarithm(Lowering &l, Value x, Element e, int64_t) {
  return viaFloat<math::LogOp>(l, x, e);
}
static Value average(Lowering &l, Value x, Element e, int64_t count) {
  return l.s.div(x, l.s.integer(e.type, count), e.isUnsigned);
}

/// log Σ e^(x − m) + m with m the maximum, 0 where that is no number.
static Results computeLogSumExp(Lowering &l, ArrayRef<int64_t> axes) {
  Element element = l.resultElement();
  if (!element.isFloat()) {
    return l.fail("expects floats");
  }
  Element compute = getComputeElement(element);
  auto combine = [&](Value a, Value c) { return l.s.max(a, c, false); };
  Value top = l.reduce(l.get(0), axes, l.s.lowest(compute), combine);
  SmallVector<int64_t> kept(l.shape(0));
  for (int64_t axis : axes) {
    kept[axis] = 1;
  }
  auto finite = [&](Value m) {
    double infinity = std::numeric_limits<double>::infinity();
    Value isInfinite =
        l.s.compare(Compare::Equal, l.s.abs(m, false),
                    l.s.constant(compute.type, infinity), false);
    return l.s.select(isInfinite, l.s.constant(compute.type, 0), m);
  };
  auto wide = RankedTensorType::get(l.shape(0), compute.type);
  Value powers = l.map({l.get(0), l.reshape(top, kept)}, wide,
                       [&](ValueRange v) {
                         return exponential(
                             l, l.s.sub(v[0], finite(v[1])), compute);
                       });
  Value sum = l.reduce(powers, axes, zero(l, compute),
                       [&](Value a, Value c) { return l.s.add(a, c); });
  return one(l.map({l.reshape(sum, l.resultShape()),
                    l.reshape(top, l.resultShape())},
                   l.resultType(), [&](ValueRange v) -> Value {
                     Value log = math::LogOp::create(l.b, v[0]);
                     return l.s.add(log, finite(v[1]));
                   }));
}

//===----------------------------------------------------------------------===//
// Running sums and products
//===----------------------------------------------------------------------===//

/// The running sums or products along `axis`.
static Value computeRunning(Lowering &l, int64_t axis, bool isProduct) {
  bool exclusive = l.op.getInt("exclusive", 0) != 0;
  bool reverse = l.op.getInt("reverse", 0) != 0;
  ArrayRef<int64_t> shape = l.shape(0);
  Type type = l.resultElement().type;
  Element compute = getComputeElement(l.resultElement());
  SmallVector<int64_t> lines(shape);
  lines[axis] = 1;
  // The axis is the outermost loop, so that the inner ones run over memory.
  SmallVector<int64_t> bounds{shape[axis]};
  llvm::append_range(bounds, lines);
  Value init = l.s.constant(compute.type, isProduct ? 1 : 0);
  SmallVector<Value> inits{l.empty(shape, type), l.filled(lines, init)};
  auto results = l.loop(inits, bounds, [&](ValueRange at, ValueRange t) {
    SmallVector<Value> line(at.drop_front());
    SmallVector<Value> point(line);
    point[axis] =
        reverse ? l.s.subIndex(l.s.index(shape[axis] - 1), at[0]) : at[0];
    Value before = l.extract(t[1], line);
    Value x = l.s.widen(l.extract(l.get(0), point));
    Value after = isProduct ? l.s.mul(before, x) : l.s.add(before, x);
    Value out = l.s.narrow(exclusive ? before : after, type);
    return SmallVector<Value>{l.insert(out, t[0], point),
                              l.insert(after, t[1], line)};
  });
  return results[0];
}

/// Along an axis that is data: along each, and then the one is chosen.
static Results lowerRunning(Lowering &l, bool isProduct) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  if (failed(l.expectShape(l.shape(0)))) {
    return failure();
  }
  if (rank < 1 || l.op.getType(1).getNumElements() != 1) {
    return l.fail("expects one axis");
  }
  if (auto given = l.op.getConstant(1)) {
    FailureOr<int64_t> axis = l.getAxis((*given)[0], rank);
    return failed(axis) ? Results(failure())
                        : Results(one(computeRunning(l, *axis, isProduct)));
  }
  Value result = computeRunning(l, 0, isProduct);
  for (int64_t axis = 1; axis < rank; ++axis) {
    Value other = computeRunning(l, axis, isProduct);
    Value condition = isNamed(l, axis);
    result = l.map({result, other}, l.resultType(), [&](ValueRange v) {
      return l.s.select(condition, v[1], v[0]);
    });
  }
  return one(result);
}

void onnxir::addReductions(LoweringTable &table) {
  table["ReduceSum"] = [](Lowering &l) {
    return lowerReduction(l, {zero, nullptr, add, nullptr});
  };
  table["ReduceMean"] = [](Lowering &l) {
    return lowerReduction(l, {zero, nullptr, add, average});
  };
  table["ReduceProd"] = [](Lowering &l) {
    return lowerReduction(l, {unit, nullptr, mul, nullptr});
  };
  table["ReduceMax"] = [](Lowering &l) {
    auto init = [](Lowering &l, Element e) { return l.s.lowest(e); };
    return lowerReduction(l, {init, nullptr, maxOf, nullptr});
  };
  table["ReduceMin"] = [](Lowering &l) {
    auto init = [](Lowering &l, Element e) { return l.s.highest(e); };
    return lowerReduction(l, {init, nullptr, minOf, nullptr});
  };
  table["ReduceL1"] = [](Lowering &l) {
    return lowerReduction(l, {zero, absolute, add, nullptr});
  };
  table["ReduceL2"] = [](Lowering &l) {
    return lowerReduction(l, {zero, square, add, root});
  };
  table["ReduceSumSquare"] = [](Lowering &l) {
    return lowerReduction(l, {zero, square, add, nullptr});
  };
  table["ReduceLogSum"] = [](Lowering &l) {
    return lowerReduction(l, {zero, nullptr, add, logarithm});
  };
  table["ReduceLogSumExp"] = [](Lowering &l) {
    return reduceAxes(l, [&](ArrayRef<int64_t> axes) {
      return computeLogSumExp(l, axes);
    });
  };
  table["CumSum"] = [](Lowering &l) { return lowerRunning(l, false); };
  table["CumProd"] = [](Lowering &l) { return lowerRunning(l, true); };
}
