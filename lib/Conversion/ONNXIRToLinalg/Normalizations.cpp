// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax and normalizations.

#include "Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace math = mlir::math;

static SmallVector<int64_t> getTail(int64_t first, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(first, rank));
}

namespace {
/// Sums over `axes` of a tensor, computed in `type`; statistics keep the axes
/// with size 1.
class Statistics {
public:
  Statistics(Lowering &l, ArrayRef<int64_t> shape, ArrayRef<int64_t> axes,
             Type type)
      : l(l), shape(shape), axes(axes), type(type), kept(shape) {
    for (int64_t axis : axes) {
      kept[axis] = 1;
      count *= shape[axis];
    }
  }

  Value add(Value a, Value c) { return l.s.add(a, c); }
  Value sum(Value input, llvm::function_ref<Value(Value)> transform) {
    Value reduced = l.reduce(
        input, axes, l.s.constant(type, 0),
        [&](Value a, Value c) { return l.s.add(a, c); },
        [&](Value x) { return transform(l.s.narrow(x, type)); });
    return l.reshape(reduced, kept);
  }
  Value mean(Value input, llvm::function_ref<Value(Value)> transform) {
    Value total = sum(input, transform);
    return l.map(total, getKeptType(), [&](ValueRange v) {
      return l.s.div(v[0], l.s.constant(type, static_cast<double>(count)),
                     false);
    });
  }
  Value mean(Value input) {
    return mean(input, [](Value x) { return x; });
  }
  Value maximum(Value input) {
    Value reduced =
        l.reduce(input, axes, l.s.lowest({type, false}),
                 [&](Value a, Value c) { return l.s.max(a, c, false); });
    return l.reshape(reduced, kept);
  }
  /// input − mean, in the type of the statistics.
  Value center(Value input, Value mean) {
    return l.map({input, mean}, RankedTensorType::get(shape, type),
                 [&](ValueRange v) {
                   return l.s.sub(l.s.narrow(v[0], type), v[1]);
                 });
  }
  Value square(Value x) { return l.s.mul(x, x); }
  /// 1 / √(x + epsilon).
  Value inverseRoot(Value variance, double epsilon) {
    return l.map(variance, getKeptType(), [&](ValueRange v) {
      Value sum = l.s.add(v[0], l.s.constant(type, epsilon));
      return l.s.div(l.s.constant(type, 1), math::SqrtOp::create(l.b, sum),
                     false);
    });
  }
  RankedTensorType getKeptType() { return RankedTensorType::get(kept, type); }

private:
  Lowering &l;
  SmallVector<int64_t> shape;
  SmallVector<int64_t> axes;
  Type type;
  SmallVector<int64_t> kept;
  int64_t count = 1;
};
} // namespace

static Results lowerSoftmax(Lowering &l, bool isLog) {
  FailureOr<int64_t> axis = l.getAxis("axis", -1);
  if (failed(axis)) {
    return failure();
  }
  Type type = getComputeElement(l.resultElement()).type;
  Statistics statistics(l, l.shape(0), *axis, type);
  Value shifted = statistics.center(l.get(0), statistics.maximum(l.get(0)));
  auto exp = [&](Value x) -> Value { return math::ExpOp::create(l.b, x); };
  if (isLog) {
    Value sum = statistics.sum(shifted, exp);
    return one(l.map({shifted, sum}, l.resultType(), [&](ValueRange v) {
      return l.s.sub(v[0], math::LogOp::create(l.b, v[1]));
    }));
  }
  Value powers = l.map(shifted, cast<RankedTensorType>(shifted.getType()),
                       [&](ValueRange v) { return exp(v[0]); });
  Value sum = statistics.sum(powers, [](Value x) { return x; });
  return one(l.map({powers, sum}, l.resultType(), [&](ValueRange v) {
    return l.s.div(v[0], v[1], false);
  }));
}

/// Statistics are computed in f32 or wider; the weight is applied in the
/// operand's type.
static Type getStashType(Lowering &l) {
  return getComputeElement(l.element(0)).type;
}

static Results lowerLayerNormalization(Lowering &l) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  FailureOr<int64_t> axis = l.getAxis("axis", -1);
  if (failed(axis)) {
    return failure();
  }
  Type type = getStashType(l);
  Statistics statistics(l, l.shape(0), getTail(*axis, rank), type);
  Value mean = statistics.mean(l.get(0));
  Value centered = statistics.center(l.get(0), mean);
  Value variance = statistics.mean(
      centered, [&](Value x) { return statistics.square(x); });
  Value scale = statistics.inverseRoot(variance,
                                       l.op.getFloat("epsilon", 1e-5));
  SmallVector<Value> inputs{centered, scale, l.get(1)};
  if (l.has(2)) {
    inputs.push_back(l.get(2));
  }
  SmallVector<Value> results{l.map(inputs, l.resultType(), [&](ValueRange v) {
    Value y = l.s.mul(l.s.mul(v[0], v[1]), v[2]);
    return v.size() == 4 ? l.s.add(y, v[3]) : y;
  })};
  for (auto [i, value] : {std::pair<size_t, Value>{1, mean}, {2, scale}}) {
    if (i < l.op.getNumResults()) {
      results.push_back(l.op.getResultType(i)
                            ? l.map(value, l.resultType(i),
                                    [](ValueRange v) { return v[0]; })
                            : Value());
    }
  }
  return results;
}

static Results lowerRMSNormalization(Lowering &l) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  FailureOr<int64_t> axis = l.getAxis("axis", -1);
  if (failed(axis)) {
    return failure();
  }
  Statistics statistics(l, l.shape(0), getTail(*axis, rank), getStashType(l));
  Value mean = statistics.mean(
      l.get(0), [&](Value x) { return statistics.square(x); });
  Value scale = statistics.inverseRoot(mean, l.op.getFloat("epsilon", 1e-5));
  Type element = l.element(0).type;
  return one(l.map({l.get(0), scale, l.get(1)}, l.resultType(),
                   [&](ValueRange v) {
    // The normalized value is rounded to the operand's type first.
    Value y = l.s.widen(l.s.narrow(l.s.mul(v[0], v[1]), element));
    return l.s.mul(y, v[2]);
  }));
}

/// x as [N, groups, the rest], normalized over the rest; then a weight and a
/// bias of `perChannel` entries for the channels.
static Results lowerGroups(Lowering &l, int64_t groups) {
  ArrayRef<int64_t> shape = l.shape(0);
  if (shape.size() < 2 || groups < 1 || shape[1] % groups != 0 ||
      l.shape(1) != ArrayRef<int64_t>{shape[1]} ||
      l.shape(2) != ArrayRef<int64_t>{shape[1]} ||
      failed(l.expectShape(shape))) {
    return l.fail("expects [N, C, …] and C weights and biases, C a multiple of "
                  "the groups");
  }
  int64_t batch = shape[0];
  int64_t perGroup = 1;
  for (int64_t size : shape.drop_front()) {
    perGroup *= size;
  }
  perGroup /= groups;
  SmallVector<int64_t> grouped{batch, groups, perGroup};
  Type type = getStashType(l);
  Statistics statistics(l, grouped, {2}, type);
  Value input = l.reshape(l.get(0), grouped);
  Value centered = statistics.center(input, statistics.mean(input));
  Value variance = statistics.mean(
      centered, [&](Value x) { return statistics.square(x); });
  Value scale = statistics.inverseRoot(variance,
                                       l.op.getFloat("epsilon", 1e-5));
  Value normal = l.map({centered, scale}, RankedTensorType::get(grouped, type),
                       [&](ValueRange v) { return l.s.mul(v[0], v[1]); });
  SmallVector<int64_t> channels(shape.size() - 1, 1);
  channels[0] = shape[1];
  return one(l.map({l.reshape(normal, shape), l.reshape(l.get(1), channels),
                    l.reshape(l.get(2), channels)},
                   l.resultType(), [&](ValueRange v) {
                     return l.s.add(l.s.mul(v[0], v[1]), v[2]);
                   }));
}

/// Inference alone: mean and variance are operands.
static Results lowerBatchNormalization(Lowering &l) {
  if (l.op.getInt("training_mode", 0) != 0 || l.op.getResultType(1)) {
    return l.fail("expects no training mode");
  }
  ArrayRef<int64_t> shape = l.shape(0);
  SmallVector<int64_t> channels(std::max<size_t>(shape.size(), 2) - 1, 1);
  channels[0] = shape.size() < 2 ? 1 : shape[1];
  SmallVector<Value> inputs{l.get(0)};
  for (size_t i = 1; i < 5; ++i) {
    if (l.shape(i) != ArrayRef<int64_t>{channels[0]}) {
      return l.fail("expects a value for each channel");
    }
    inputs.push_back(shape.size() < 2 ? l.reshape(l.get(i), {})
                                      : l.reshape(l.get(i), channels));
  }
  double epsilon = l.op.getFloat("epsilon", 1e-5);
  return one(l.map(inputs, l.resultType(), [&](ValueRange v) {
    Type type = v[4].getType();
    Value root = math::SqrtOp::create(
        l.b, l.s.add(v[4], l.s.constant(type, epsilon)));
    Value normal = l.s.div(l.s.sub(v[0], v[3]), root, false);
    return l.s.add(l.s.mul(normal, v[1]), v[2]);
  }));
}

static Results lowerLpNormalization(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", -1);
  int64_t p = l.op.getInt("p", 2);
  if (failed(axis)) {
    return failure();
  }
  if (p != 1 && p != 2) {
    return l.fail("expects p 1 or 2, got " + Twine(p));
  }
  Type type = getStashType(l);
  Statistics statistics(l, l.shape(0), *axis, type);
  Value sum = statistics.sum(l.get(0), [&](Value x) {
    return p == 1 ? l.s.abs(x, false) : statistics.square(x);
  });
  return one(l.map({l.get(0), sum}, l.resultType(), [&](ValueRange v) {
    Value norm = p == 1 ? v[1] : math::SqrtOp::create(l.b, v[1]).getResult();
    Value zero = l.s.constant(type, 0);
    Value isZero = l.s.compare(Compare::Equal, norm, zero, false);
    return l.s.select(isZero, zero, l.s.div(v[0], norm, false));
  }));
}

static Results lowerMeanVariance(Lowering &l) {
  SmallVector<int64_t> axes =
      l.op.getInts("axes").value_or(SmallVector<int64_t>{0, 2, 3});
  auto rank = static_cast<int64_t>(l.shape(0).size());
  for (int64_t &axis : axes) {
    FailureOr<int64_t> valid = l.getAxis(axis, rank);
    if (failed(valid)) {
      return failure();
    }
    axis = *valid;
  }
  Type type = getStashType(l);
  Statistics statistics(l, l.shape(0), axes, type);
  Value centered = statistics.center(l.get(0), statistics.mean(l.get(0)));
  Value variance = statistics.mean(
      centered, [&](Value x) { return statistics.square(x); });
  return one(l.map({centered, variance}, l.resultType(), [&](ValueRange v) {
    Value deviation = math::SqrtOp::create(l.b, v[1]);
    return l.s.div(v[0], l.s.add(deviation, l.s.constant(type, 1e-9)), false);
  }));
}

void onnxir::addNormalizations(LoweringTable &table) {
  table["Softmax"] = [](Lowering &l) { return lowerSoftmax(l, false); };
  table["LogSoftmax"] = [](Lowering &l) { return lowerSoftmax(l, true); };
  table["LayerNormalization"] = lowerLayerNormalization;
  table["RMSNormalization"] = lowerRMSNormalization;
  table["SimplifiedLayerNormalization"] = lowerRMSNormalization;
  table["GroupNormalization"] = [](Lowering &l) {
    return lowerGroups(l, l.op.getInt("num_groups", 0));
  };
  table["InstanceNormalization"] = [](Lowering &l) {
    return lowerGroups(l, l.shape(0).size() < 2 ? 0 : l.shape(0)[1]);
  };
  table["BatchNormalization"] = lowerBatchNormalization;
  table["LpNormalization"] = lowerLpNormalization;
  table["MeanVarianceNormalization"] = lowerMeanVariance;
}
