// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions and pooling.

#include "Window.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::onnxir;

/// The result's shape that `window` gives, with `channels`.
static LogicalResult expectOutput(Lowering &l, const Window &window,
                                  int64_t channels) {
  SmallVector<int64_t> expected{l.shape(0)[0], channels};
  for (size_t axis = 0; axis < window.getRank(); ++axis) {
    expected.push_back(window.getOutputSize(axis, l.shape(0)[axis + 2]));
  }
  return l.expectShape(expected);
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

namespace {
/// x and w of a convolution, and how many channels a group has.
struct Filters {
  size_t x = 0, w = 1;
  int64_t groups = 1, channels = 0, outputs = 0;
  Window window;
};
} // namespace

static FailureOr<Filters> getFilters(Lowering &l, size_t w) {
  ArrayRef<int64_t> x = l.shape(0);
  ArrayRef<int64_t> weight = l.shape(w);
  Filters filters;
  filters.w = w;
  filters.groups = l.op.getInt("group", 1);
  if (weight.size() < 3 || x.size() != weight.size() || filters.groups < 1 ||
      x[1] != weight[1] * filters.groups || weight[0] % filters.groups != 0) {
    return l.fail("expects x [N, C, …] and w [M, C / group, …]");
  }
  filters.channels = weight[1];
  filters.outputs = weight[0] / filters.groups;
  FailureOr<Window> window = Window::get(l, x, weight.drop_front(2));
  if (failed(window) || failed(expectOutput(l, *window, weight[0]))) {
    return failure();
  }
  filters.window = *window;
  return filters;
}

/// Sums term(x, w) over channels and window in `sum`, 0 beyond the edges.
static Value convolve(Lowering &l, const Filters &filters, Value x, Value w,
                      Type sum,
                      llvm::function_ref<Value(Value, Value)> term) {
  size_t rank = filters.window.getRank();
  SmallVector<int64_t> reduced{filters.channels};
  llvm::append_range(reduced, filters.window.kernel);
  auto type = RankedTensorType::get(l.resultShape(), sum);
  return l.accumulate(
      type, reduced, l.s.constant(sum, 0),
      [&](ValueRange at) {
        ValueRange inner = at.drop_front(rank + 2);
        Value isInside = l.s.boolean(true);
        SmallVector<Value> place =
            getPlace(l, filters.window, at.slice(2, rank), inner.drop_front(),
                     l.shape(0).drop_front(2), isInside);
        Value group = mlir::arith::DivUIOp::create(
            l.b, at[1], l.s.index(std::max<int64_t>(filters.outputs, 1)));
        Value channel =
            l.s.addIndex(l.s.mulIndex(group, filters.channels), inner[0]);
        place.insert(place.begin(), {at[0], channel});
        SmallVector<Value> weight{at[1]};
        llvm::append_range(weight, inner);
        Value product = term(l.extract(x, place), l.extract(w, weight));
        return l.s.select(isInside, product, l.s.constant(sum, 0));
      },
      [&](Value a, Value c) { return l.s.add(a, c); });
}

/// `bias` [M] as [M, 1, …].
static Value getChannelBias(Lowering &l, Value bias) {
  auto shape = cast<RankedTensorType>(bias.getType()).getShape();
  SmallVector<int64_t> channels(l.resultShape().size() - 1, 1);
  channels[0] = shape[0];
  return l.reshape(bias, channels);
}

static Results addBias(Lowering &l, Value sum, size_t bias) {
  SmallVector<Value> inputs{sum};
  if (l.has(bias)) {
    if (l.shape(bias) != ArrayRef<int64_t>{l.resultShape()[1]}) {
      return l.fail("expects a bias for each channel of the result");
    }
    inputs.push_back(getChannelBias(l, l.get(bias)));
  }
  return one(l.map(inputs, l.resultType(), [&](ValueRange v) {
    return v.size() == 1 ? v[0] : l.s.add(v[0], v[1]);
  }));
}

static Results lowerConv(Lowering &l) {
  FailureOr<Filters> filters = getFilters(l, 1);
  if (failed(filters)) {
    return failure();
  }
  Type sum = getComputeElement(l.resultElement()).type;
  Value result = convolve(l, *filters, l.get(0), l.get(1), sum,
                          [&](Value x, Value w) {
                            return l.s.mul(l.s.widen(x), l.s.widen(w));
                          });
  return addBias(l, result, 2);
}

/// Weights [M, …] as i32 less the zero points of operand `point`, one or one
/// for each row.
static FailureOr<Value> centerWeights(Lowering &l, size_t w, size_t point) {
  Element wide{l.b.getI32Type(), false};
  SmallVector<Value> inputs{l.get(w)};
  if (l.has(point)) {
    SmallVector<int64_t> rows(l.shape(w).size(), 1);
    if (l.op.getType(point).getNumElements() != 1) {
      rows[0] = l.shape(w)[0];
    }
    if (l.shape(point).size() > 1 ||
        l.op.getType(point).getNumElements() != rows[0]) {
      return l.fail("expects one zero point of w, or one for each channel");
    }
    inputs.push_back(l.reshape(l.get(point), rows));
  }
  return l.map(inputs, RankedTensorType::get(l.shape(w), wide.type),
               [&](ValueRange v) {
    Value x = l.s.convert(v[0], l.element(w), wide);
    return v.size() == 1
               ? x
               : l.s.sub(x, l.s.convert(v[1], l.element(point), wide));
  });
}

/// The i32 sums of integers less the zero points in operands `pointX` and
/// `pointW`.
static FailureOr<Value> convolveIntegers(Lowering &l, size_t w, size_t pointX,
                                         size_t pointW) {
  FailureOr<Filters> filters = getFilters(l, w);
  if (failed(filters)) {
    return failure();
  }
  Type i32 = l.b.getI32Type();
  Element wide{i32, false};
  if (l.has(pointX) && l.op.getType(pointX).getNumElements() != 1) {
    return l.fail("expects one zero point of x");
  }
  FailureOr<Value> weights = centerWeights(l, w, pointW);
  if (failed(weights)) {
    return failure();
  }
  Value zeroX = l.has(pointX) ? l.s.convert(l.readScalar(pointX),
                                            l.element(pointX), wide)
                              : l.s.integer(i32, 0);
  return convolve(l, *filters, l.get(0), *weights, i32,
                  [&](Value x, Value weight) {
    return l.s.mul(l.s.sub(l.s.convert(x, l.element(0), wide), zeroX),
                   weight);
  });
}

static Results lowerConvInteger(Lowering &l) {
  FailureOr<Value> sums = convolveIntegers(l, 1, 2, 3);
  return failed(sums) ? Results(failure()) : Results(one(*sums));
}

/// x, its scale and zero point, w, its scale and zero point, those of y, bias.
static Results lowerQLinearConv(Lowering &l) {
  FailureOr<Value> sums = convolveIntegers(l, 3, 2, 5);
  if (failed(sums)) {
    return failure();
  }
  if (l.has(8)) {
    if (l.shape(8) != ArrayRef<int64_t>{l.resultShape()[1]}) {
      return l.fail("expects a bias for each channel of the result");
    }
    sums = l.map({*sums, getChannelBias(l, l.get(8))},
                 cast<RankedTensorType>((*sums).getType()),
                 [&](ValueRange v) { return l.s.add(v[0], v[1]); });
  }
  return requantize(l, *sums, {1, 4}, 6);
}

/// Each element of the result sums the elements of x whose window covers it.
static Results lowerConvTranspose(Lowering &l) {
  ArrayRef<int64_t> x = l.shape(0);
  ArrayRef<int64_t> w = l.shape(1);
  int64_t groups = l.op.getInt("group", 1);
  if (w.size() < 3 || x.size() != w.size() || groups < 1 || x[1] != w[0] ||
      w[0] % groups != 0 || l.resultShape().size() != x.size() ||
      l.resultShape()[0] != x[0] || l.resultShape()[1] != w[1] * groups) {
    return l.fail("expects x [N, C, …] and w [C, M / group, …]");
  }
  FailureOr<Window> window = Window::get(l, x, w.drop_front(2));
  if (failed(window)) {
    return failure();
  }
  // What the output shape leaves over is padding.
  size_t rank = window->getRank();
  auto extra = l.op.getInts("output_padding").value_or(
      SmallVector<int64_t>(rank, 0));
  StringRef mode = l.op.getString("auto_pad", "NOTSET");
  bool upper = mode != "SAME_LOWER" && mode != "NOTSET";
  if ((mode != "NOTSET" && mode != "VALID") || l.op.getInts("output_shape")) {
    for (size_t axis = 0; axis < rank; ++axis) {
      int64_t total = window->strides[axis] * (x[axis + 2] - 1) +
                      extra[axis] +
                      (window->kernel[axis] - 1) * window->dilations[axis] +
                      1 - l.resultShape()[axis + 2];
      total = std::max<int64_t>(total, 0);
      window->padsBegin[axis] = upper ? total / 2 : total - total / 2;
    }
  }
  Type sum = getComputeElement(l.resultElement()).type;
  SmallVector<int64_t> reduced{x[1] / groups};
  llvm::append_range(reduced, window->kernel);
  auto term = [&](ValueRange at) {
    namespace arith = mlir::arith;
    ValueRange inner = at.drop_front(rank + 2);
    Value perGroup = l.s.index(std::max<int64_t>(w[1], 1));
    Value group = arith::DivUIOp::create(l.b, at[1], perGroup);
    Value channel =
        l.s.addIndex(l.s.mulIndex(group, x[1] / groups), inner[0]);
    SmallVector<Value> place{at[0], channel};
    SmallVector<Value> weight{
        channel, arith::RemUIOp::create(l.b, at[1], perGroup)};
    Value isInside = l.s.boolean(true);
    for (size_t axis = 0; axis < rank; ++axis) {
      Value from = l.s.addIndex(
          l.s.subIndex(at[axis + 2], l.s.mulIndex(inner[axis + 1],
                                                  window->dilations[axis])),
          window->padsBegin[axis]);
      Value stride = l.s.index(window->strides[axis]);
      Value rest = arith::RemSIOp::create(l.b, from, stride);
      Value isWhole = arith::CmpIOp::create(
          l.b, arith::CmpIPredicate::eq, rest, l.s.index(0));
      Value index = arith::DivSIOp::create(l.b, from, stride);
      isInside = l.s.logicalAnd(
          isInside, l.s.logicalAnd(isWhole,
                                   l.s.inBounds(index, x[axis + 2])));
      place.push_back(
          l.s.clamp(index, 0, std::max<int64_t>(x[axis + 2] - 1, 0)));
      weight.push_back(inner[axis + 1]);
    }
    Value product = l.s.mul(l.s.widen(l.extract(l.get(0), place)),
                            l.s.widen(l.extract(l.get(1), weight)));
    return l.s.select(isInside, product, l.s.constant(sum, 0));
  };
  Value result = l.accumulate(
      RankedTensorType::get(l.resultShape(), sum), reduced,
      l.s.constant(sum, 0), term,
      [&](Value a, Value c) { return l.s.add(a, c); });
  return addBias(l, result, 2);
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

static FailureOr<Window> getPoolWindow(Lowering &l) {
  auto kernel = l.op.getInts("kernel_shape");
  if (!kernel) {
    return l.fail("expects a kernel_shape");
  }
  FailureOr<Window> window = Window::get(l, l.shape(0), *kernel);
  if (failed(window) || failed(expectOutput(l, *window, l.shape(0)[1]))) {
    return failure();
  }
  return window;
}

/// Combines term(element, is inside) over the window.
static Value pool(Lowering &l, const Window &window, Value init,
                  llvm::function_ref<Value(Value, Value)> term,
                  Lowering::CombineFn combine) {
  size_t rank = window.getRank();
  return l.accumulate(
      RankedTensorType::get(l.resultShape(), init.getType()), window.kernel,
      init,
      [&](ValueRange at) {
        Value isInside = l.s.boolean(true);
        SmallVector<Value> place =
            getPlace(l, window, at.slice(2, rank), at.drop_front(rank + 2),
                     l.shape(0).drop_front(2), isInside);
        place.insert(place.begin(), {at[0], at[1]});
        return term(l.s.widen(l.extract(l.get(0), place)), isInside);
      },
      combine);
}

/// How many elements of each window count: those inside, or inside the padding.
static Value countElements(Lowering &l, const Window &window, Type type,
                           bool padding) {
  Window padded = window;
  SmallVector<int64_t> spatial(l.shape(0).drop_front(2));
  if (padding) {
    for (size_t axis = 0; axis < window.getRank(); ++axis) {
      spatial[axis] += window.padsBegin[axis] + window.padsEnd[axis];
      padded.padsBegin[axis] = 0;
    }
  }
  size_t rank = window.getRank();
  SmallVector<int64_t> shape(l.resultShape().drop_front(2));
  return l.accumulate(
      RankedTensorType::get(shape, type), window.kernel, l.s.constant(type, 0),
      [&](ValueRange at) {
        Value isInside = l.s.boolean(true);
        (void)getPlace(l, padded, at.take_front(rank), at.drop_front(rank),
                       spatial, isInside);
        return l.s.select(isInside, l.s.constant(type, 1),
                          l.s.constant(type, 0));
      },
      [&](Value a, Value c) { return l.s.add(a, c); });
}

static Results lowerAveragePool(Lowering &l) {
  FailureOr<Window> window = getPoolWindow(l);
  if (failed(window)) {
    return failure();
  }
  Type type = getComputeElement(l.resultElement()).type;
  Value zero = l.s.constant(type, 0);
  Value sum = pool(
      l, *window, zero,
      [&](Value x, Value isInside) { return l.s.select(isInside, x, zero); },
      [&](Value a, Value c) { return l.s.add(a, c); });
  Value count = countElements(l, *window, type,
                              l.op.getInt("count_include_pad", 0) != 0);
  return one(l.map({sum, count}, l.resultType(), [&](ValueRange v) {
    return l.s.div(v[0], v[1], false);
  }));
}

static Results lowerLpPool(Lowering &l) {
  FailureOr<Window> window = getPoolWindow(l);
  int64_t p = l.op.getInt("p", 2);
  if (failed(window)) {
    return failure();
  }
  Type type = getComputeElement(l.resultElement()).type;
  auto power = [&](Value x, double exponent) -> Value {
    return mlir::math::PowFOp::create(l.b, x, l.s.constant(type, exponent));
  };
  Value zero = l.s.constant(type, 0);
  Value sum = pool(
      l, *window, zero,
      [&](Value x, Value isInside) {
        Value raised = power(l.s.abs(x, false), static_cast<double>(p));
        return l.s.select(isInside, raised, zero);
      },
      [&](Value a, Value c) { return l.s.add(a, c); });
  return one(l.map(sum, l.resultType(), [&](ValueRange v) {
    return power(v[0], 1.0 / static_cast<double>(p));
  }));
}

/// The flat index of each window's first largest element.
static Value findMaxima(Lowering &l, const Window &window, Value best) {
  size_t rank = window.getRank();
  ArrayRef<int64_t> shape = l.shape(0);
  Type i64 = l.b.getI64Type();
  Element element = getComputeElement(l.element(0));
  bool columnMajor = l.op.getInt("storage_order", 0) != 0;
  Value none = l.s.integer(i64, std::numeric_limits<int64_t>::max());
  return l.accumulate(
      RankedTensorType::get(l.resultShape(), i64), window.kernel, none,
      [&](ValueRange at) {
        Value isInside = l.s.boolean(true);
        SmallVector<Value> place =
            getPlace(l, window, at.slice(2, rank), at.drop_front(rank + 2),
                     shape.drop_front(2), isInside);
        place.insert(place.begin(), {at[0], at[1]});
        Value flat = l.s.addIndex(l.s.mulIndex(at[0], shape[1]), at[1]);
        int64_t area = 1;
        for (size_t axis = 0; axis < rank; ++axis) {
          area *= shape[axis + 2];
        }
        flat = l.s.mulIndex(flat, area);
        int64_t step = 1;
        for (size_t i = 0; i < rank; ++i) {
          size_t axis = columnMajor ? i : rank - 1 - i;
          flat = l.s.addIndex(flat, l.s.mulIndex(place[axis + 2], step));
          step *= shape[axis + 2];
        }
        Value x = l.s.widen(l.extract(l.get(0), place));
        Value top = l.s.widen(l.extract(best, at.take_front(rank + 2)));
        Value isBest = l.s.logicalAnd(
            isInside,
            l.s.compare(Compare::Equal, x, top, element.isUnsigned));
        return l.s.select(isBest, l.s.fromIndex(flat, i64), none);
      },
      [&](Value a, Value c) { return l.s.min(a, c, false); });
}

static Results lowerMaxPool(Lowering &l) {
  FailureOr<Window> window = getPoolWindow(l);
  if (failed(window)) {
    return failure();
  }
  Element element = getComputeElement(l.resultElement());
  Value lowest = l.s.lowest(element);
  Value best = pool(
      l, *window, lowest,
      [&](Value x, Value isInside) { return l.s.select(isInside, x, lowest); },
      [&](Value a, Value c) { return l.s.max(a, c, element.isUnsigned); });
  SmallVector<Value> results{
      l.map(best, l.resultType(), [](ValueRange v) { return v[0]; })};
  if (l.op.getNumResults() > 1) {
    results.push_back(l.op.getResultType(1) ? findMaxima(l, *window, best)
                                            : Value());
  }
  return results;
}

static Results lowerGlobalPool(Lowering &l, bool isMax) {
  ArrayRef<int64_t> shape = l.shape(0);
  if (shape.size() < 3) {
    return l.fail("expects [N, C, spatial axes]");
  }
  Element element = getComputeElement(l.resultElement());
  auto axes = llvm::to_vector(
      llvm::seq<int64_t>(2, static_cast<int64_t>(shape.size())));
  double count = 1;
  for (int64_t size : shape.drop_front(2)) {
    count *= static_cast<double>(size);
  }
  Value init = isMax ? l.s.lowest(element) : l.s.constant(element.type, 0);
  Value reduced = l.reduce(l.get(0), axes, init, [&](Value a, Value c) {
    return isMax ? l.s.max(a, c, false) : l.s.add(a, c);
  });
  return one(l.map(l.reshape(reduced, l.resultShape()), l.resultType(),
                   [&](ValueRange v) {
                     return isMax ? v[0]
                                  : l.s.div(v[0],
                                            l.s.constant(element.type, count),
                                            false);
                   }));
}

void onnxir::addWindows(LoweringTable &table) {
  table["Conv"] = lowerConv;
  table["ConvInteger"] = lowerConvInteger;
  table["QLinearConv"] = lowerQLinearConv;
  table["ConvTranspose"] = lowerConvTranspose;
  table["AveragePool"] = lowerAveragePool;
  table["LpPool"] = lowerLpPool;
  table["MaxPool"] = lowerMaxPool;
  table["GlobalAveragePool"] = [](Lowering &l) {
    return lowerGlobalPool(l, false);
  };
  table["GlobalMaxPool"] = [](Lowering &l) {
    return lowerGlobalPool(l, true);
  };
}
