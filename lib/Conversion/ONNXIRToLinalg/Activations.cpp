// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Activation functions.

#include "Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace math = mlir::math;

namespace {
/// Scalar formulas of one type.
class Formula {
public:
  Formula(Lowering &l, Type type) : l(l), type(type) {}

  Value number(double value) { return l.s.constant(type, value); }
  Value exp(Value x) { return math::ExpOp::create(l.b, x); }
  Value log(Value x) { return math::LogOp::create(l.b, x); }
  Value log1p(Value x) { return math::Log1pOp::create(l.b, x); }
  Value tanh(Value x) { return math::TanhOp::create(l.b, x); }
  Value erf(Value x) { return math::ErfOp::create(l.b, x); }
  Value add(Value a, double c) { return l.s.add(a, number(c)); }
  Value mul(Value a, double c) { return l.s.mul(a, number(c)); }
  Value greater(Value a, double c) {
    return l.s.compare(Compare::Greater, a, number(c), false);
  }
  Value positivePart(Value x) { return l.s.max(x, number(0), false); }

  Value sigmoid(Value x) {
    return l.s.div(number(1), add(exp(l.s.neg(x)), 1), false);
  }
  /// log(1 + e^x), without overflow.
  Value softplus(Value x) {
    Value tail = log1p(exp(l.s.neg(l.s.abs(x, false))));
    return l.s.add(positivePart(x), tail);
  }
  /// alpha·(e^(x/beta) − 1) where x <= 0, else x.
  Value exponential(Value x, double alpha, double beta) {
    Value low = mul(add(exp(mul(x, 1 / beta)), -1), alpha);
    return l.s.select(greater(x, 0), x, low);
  }
  Value gelu(Value x, bool tanhForm) {
    if (!tanhForm) {
      Value half = add(erf(mul(x, 0.70710678118654752)), 1);
      return l.s.mul(mul(x, 0.5), half);
    }
    Value cube = l.s.mul(x, l.s.mul(x, x));
    Value inner = mul(l.s.add(x, mul(cube, 0.044715)), 0.79788456080286536);
    return l.s.mul(mul(x, 0.5), add(tanh(inner), 1));
  }

private:
  Lowering &l;
  Type type;
};
} // namespace

template <typename Fn> static Results activate(Lowering &l, Fn function) {
  return one(l.map(l.get(0), l.resultType(), [&](ValueRange v) {
    Formula formula(l, v[0].getType());
    return function(formula, v[0]);
  }));
}

static Results lowerHardSigmoid(Lowering &l) {
  double alpha = l.op.getFloat("alpha", 0.2);
  double beta = l.op.getFloat("beta", 0.5);
  return activate(l, [&](Formula &f, Value x) {
    return l.s.min(f.positivePart(f.add(f.mul(x, alpha), beta)), f.number(1),
                   false);
  });
}

static Results lowerShrink(Lowering &l) {
  double bias = l.op.getFloat("bias", 0);
  double lambd = l.op.getFloat("lambd", 0.5);
  Element element = getComputeElement(l.element(0));
  return one(l.map(l.get(0), l.resultType(), [&](ValueRange v) {
    // Thresholds of integers are compared as floats.
    Element compute = element.isFloat() ? element
                                        : Element{l.b.getF32Type(), false};
    Formula f(l, compute.type);
    Value x = l.s.convert(v[0], element, compute);
    Value low = l.s.compare(Compare::Less, x, f.number(-lambd), false);
    Value result = l.s.select(
        low, f.add(x, bias),
        l.s.select(f.greater(x, lambd), f.add(x, -bias), f.number(0)));
    return l.s.convert(result, compute, element);
  }));
}

static Results lowerPRelu(Lowering &l) {
  return one(l.map({l.get(0), l.get(1)}, l.resultType(), [&](ValueRange v) {
    Value zero = l.s.constant(v[0].getType(), 0);
    Value isNegative = l.s.compare(Compare::Less, v[0], zero,
                                   l.element(0).isUnsigned);
    return l.s.select(isNegative, l.s.mul(v[0], v[1]), v[0]);
  }));
}

static Results lowerRelu(Lowering &l) {
  return one(l.map(l.get(0), l.resultType(), [&](ValueRange v) {
    return l.s.max(v[0], l.s.constant(v[0].getType(), 0),
                   l.element(0).isUnsigned);
  }));
}

static void addExponentials(LoweringTable &table) {
  table["Elu"] = [](Lowering &l) {
    return activate(l, [&](Formula &f, Value x) {
      return f.exponential(x, l.op.getFloat("alpha", 1), 1);
    });
  };
  table["Celu"] = [](Lowering &l) {
    double alpha = l.op.getFloat("alpha", 1);
    return activate(l, [&](Formula &f, Value x) {
      return f.exponential(x, alpha, alpha);
    });
  };
  table["Selu"] = [](Lowering &l) {
    double alpha = l.op.getFloat("alpha", 1.67326319217681884765625);
    double gamma = l.op.getFloat("gamma", 1.05070102214813232421875);
    return activate(l, [&](Formula &f, Value x) {
      return f.mul(f.exponential(x, alpha, 1), gamma);
    });
  };
}

void onnxir::addActivations(LoweringTable &table) {
  addExponentials(table);
  table["Relu"] = lowerRelu;
  table["PRelu"] = lowerPRelu;
  table["HardSigmoid"] = lowerHardSigmoid;
  table["Shrink"] = lowerShrink;
  table["Sigmoid"] = [](Lowering &l) {
    return activate(l, [](Formula &f, Value x) { return f.sigmoid(x); });
  };
  table["Softplus"] = [](Lowering &l) {
    return activate(l, [](Formula &f, Value x) { return f.softplus(x); });
  };
  table["Softsign"] = [](Lowering &l) {
    return activate(l, [&](Formula &f, Value x) {
      return l.s.div(x, f.add(l.s.abs(x, false), 1), false);
    });
  };
  table["Mish"] = [](Lowering &l) {
    return activate(l, [&](Formula &f, Value x) {
      return l.s.mul(x, f.tanh(f.softplus(x)));
    });
  };
  table["Gelu"] = [](Lowering &l) {
    bool tanhForm = l.op.getString("approximate", "none") == "tanh";
    return activate(
        l, [&](Formula &f, Value x) { return f.gelu(x, tanhForm); });
  };
  table["Swish"] = [](Lowering &l) {
    double alpha = l.op.getFloat("alpha", 1);
    return activate(l, [&](Formula &f, Value x) {
      return l.s.mul(x, f.sigmoid(f.mul(x, alpha)));
    });
  };
  table["HardSwish"] = [](Lowering &l) {
    return activate(l, [&](Formula &f, Value x) {
      Value gate = f.positivePart(f.add(f.mul(x, 1.0 / 6), 0.5));
      return l.s.mul(x, l.s.min(gate, f.number(1), false));
    });
  };
  table["LeakyRelu"] = [](Lowering &l) {
    return activate(l, [&](Formula &f, Value x) {
      Value low = f.mul(x, l.op.getFloat("alpha", 0.01));
      Value isNegative = l.s.compare(Compare::Less, x, f.number(0), false);
      return l.s.select(isNegative, low, x);
    });
  };
  table["ThresholdedRelu"] = [](Lowering &l) {
    return activate(l, [&](Formula &f, Value x) {
      return l.s.select(f.greater(x, l.op.getFloat("alpha", 1)), x,
                        f.number(0));
    });
  };
}
