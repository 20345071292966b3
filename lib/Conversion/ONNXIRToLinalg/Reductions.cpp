// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions over axes, and running sums.

#include "Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace math = mlir::math;

/// The axes that `shape` lost to become `result`, where only one choice of
/// `count` axes is possible (any number where `count` is −1).
static std::optional<SmallVector<int64_t>>
inferAxes(ArrayRef<int64_t> shape, ArrayRef<int64_t> result, bool keepDims) {
  SmallVector<int64_t> axes;
  if (keepDims) {
    if (shape.size() != result.size()) {
      return std::nullopt;
    }
    for (auto [axis, size] : llvm::enumerate(shape)) {
      if (result[axis] != size) {
        axes.push_back(static_cast<int64_t>(axis));
      }
    }
    return axes;
  }
  size_t next = 0;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    // A size that the axes behind repeat could stand for any of them.
    bool isKept = next < result.size() && result[next] == size;
    bool isRepeated = llvm::is_contained(shape.drop_front(axis + 1), size);
    if (isKept && isRepeated &&
        shape.size() - axis != result.size() - next) {
      return std::nullopt;
    }
    if (isKept) {
      ++next;
    } else {
      axes.push_back(static_cast<int64_t>(axis));
    }
  }
  return next == result.size() ? std::optional(axes) : std::nullopt;
}

/// The reduced axes, sorted: of the constant operand 1, else as the shapes say.
static FailureOr<SmallVector<int64_t>> getAxes(Lowering &l) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  bool keepDims = l.op.getInt("keepdims", 1) != 0;
  std::optional<SmallVector<int64_t>> given;
  if (l.has(1)) {
    given = l.op.getConstant(1);
    if (!given && l.op.getType(1).getNumElements() != 0) {
      auto axes = inferAxes(l.shape(0), l.resultShape(), keepDims);
      if (axes) {
        return *axes;
      }
      return l.fail("expects axes that are constants or follow from the "
                    "shapes");
    }
  }
  if (!given || given->empty()) {
    if (l.op.getInt("noop_with_empty_axes", 0) != 0) {
      return SmallVector<int64_t>();
    }
    return llvm::to_vector(llvm::seq<int64_t>(rank));
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
  FailureOr<SmallVector<int64_t>> axes = getAxes(l);
  if (failed(axes)) {
    return failure();
  }
  Element element = getComputeElement(l.resultElement());
  return one(applyReduction(l, reduction, l.get(0), *axes, element));
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
static Results lowerLogSumExp(Lowering &l) {
  FailureOr<SmallVector<int64_t>> axes = getAxes(l);
  if (failed(axes)) {
    return failure();
  }
  Element element = l.resultElement();
  if (!element.isFloat()) {
    return l.fail("expects floats");
  }
  Element compute = getComputeElement(element);
  auto combine = [&](Value a, Value c) { return l.s.max(a, c, false); };
  Value top = l.reduce(l.get(0), *axes, l.s.lowest(compute), combine);
  SmallVector<int64_t> kept(l.shape(0));
  for (int64_t axis : *axes) {
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
  Value sum = l.reduce(powers, *axes, zero(l, compute),
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

static Results lowerRunning(Lowering &l, bool isProduct) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  auto given = l.op.getConstant(1);
  if (rank != 1 && (!given || given->size() != 1)) {
    return l.fail("expects a constant axis");
  }
  FailureOr<int64_t> axis = l.getAxis(given ? (*given)[0] : 0, rank);
  if (failed(axis)) {
    return failure();
  }
  if (failed(l.expectShape(l.shape(0)))) {
    return failure();
  }
  bool exclusive = l.op.getInt("exclusive", 0) != 0;
  bool reverse = l.op.getInt("reverse", 0) != 0;
  ArrayRef<int64_t> shape = l.shape(0);
  Type type = l.resultElement().type;
  Element compute = getComputeElement(l.resultElement());
  SmallVector<int64_t> lines(shape);
  lines[*axis] = 1;
  // The axis is the outermost loop, so that the inner ones run over memory.
  SmallVector<int64_t> bounds{shape[*axis]};
  llvm::append_range(bounds, lines);
  Value init = l.s.constant(compute.type, isProduct ? 1 : 0);
  SmallVector<Value> inits{l.empty(shape, type), l.filled(lines, init)};
  auto results = l.loop(inits, bounds, [&](ValueRange at, ValueRange t) {
    SmallVector<Value> line(at.drop_front());
    SmallVector<Value> point(line);
    point[*axis] =
        reverse ? l.s.subIndex(l.s.index(shape[*axis] - 1), at[0]) : at[0];
    Value before = l.extract(t[1], line);
    Value x = l.s.widen(l.extract(l.get(0), point));
    Value after = isProduct ? l.s.mul(before, x) : l.s.add(before, x);
    Value out = l.s.narrow(exclusive ? before : after, type);
    return SmallVector<Value>{l.insert(out, t[0], point),
                              l.insert(after, t[1], line)};
  });
  return one(results[0]);
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
  table["ReduceLogSumExp"] = lowerLogSumExp;
  table["CumSum"] = [](Lowering &l) { return lowerRunning(l, false); };
  table["CumProd"] = [](Lowering &l) { return lowerRunning(l, true); };
}
