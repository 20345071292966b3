// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic, element by element.

#include "Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace arith = mlir::arith;
namespace math = mlir::math;

/// Combines all operands from left to right; one operand is copied.
template <typename Fn> static Results fold(Lowering &l, Fn combine) {
  for (size_t i = 0; i < l.getNumOperands(); ++i) {
    if (!l.has(i)) {
      return l.fail("expects each operand, got one that is left out");
    }
  }
  Value result = l.get(0);
  if (l.getNumOperands() == 1) {
    return one(l.map(result, l.resultType(),
                     [&](ValueRange v) { return v[0]; }));
  }
  Element element = getComputeElement(l.resultElement());
  auto wide = l.resultType().clone(element.type);
  for (size_t i = 1; i < l.getNumOperands(); ++i) {
    bool isLast = i + 1 == l.getNumOperands();
    auto type = cast<RankedTensorType>(isLast ? l.resultType() : wide);
    result = l.map({result, l.get(i)}, type, [&](ValueRange v) {
      return combine(l, v[0], v[1], element);
    });
  }
  return one(result);
}

static Value add(Lowering &l, Value a, Value c, Element) {
  return l.s.add(a, c);
}
static Value sub(Lowering &l, Value a, Value c, Element) {
  return l.s.sub(a, c);
}
static Value mul(Lowering &l, Value a, Value c, Element) {
  return l.s.mul(a, c);
}
static Value divide(Lowering &l, Value a, Value c, Element element) {
  return l.s.div(a, c, element.isUnsigned);
}
static Value maxOf(Lowering &l, Value a, Value c, Element element) {
  return l.s.max(a, c, element.isUnsigned);
}
static Value minOf(Lowering &l, Value a, Value c, Element element) {
  return l.s.min(a, c, element.isUnsigned);
}

/// An operator of one operand whose scalar function is `Fn`.
template <typename Fn> static Results unary(Lowering &l, Fn function) {
  Element element = l.element(0);
  return one(l.map(l.get(0), l.resultType(), [&](ValueRange v) {
    return function(l, v[0], element);
  }));
}

template <typename MathOp> static Results unaryMath(Lowering &l) {
  return unary(l, [](Lowering &l, Value x, Element) -> Value {
    return MathOp::create(l.b, x);
  });
}

//===----------------------------------------------------------------------===//
// Powers, remainders, signs
//===----------------------------------------------------------------------===//

/// Integers to integer powers in f64, which is exact up to 2^53.
static Results lowerPow(Lowering &l) {
  Element base = l.element(0);
  Element exponent = l.element(1);
  Element compute = getComputeElement(base);
  if (!base.isFloat()) {
    compute = {l.b.getF64Type(), false};
  }
  return one(
      l.map({l.get(0), l.get(1)}, l.resultType(), [&](ValueRange v) -> Value {
        Value x = l.s.convert(v[0], getComputeElement(base), compute);
        Value y = l.s.convert(v[1], getComputeElement(exponent), compute);
        Value power = math::PowFOp::create(l.b, x, y);
        if (base.isFloat()) {
          return power;
        }
        return l.s.convert(math::RoundEvenOp::create(l.b, power), compute,
                           base);
      }));
}

/// x − t·y, t = x / y rounded to zero or down; in f64 for floats.
static Value remainder(Lowering &l, Value x, Value y, bool toZero,
                       Element element) {
  if (!element.isFloat()) {
    Value rest = l.s.rem(x, y, element.isUnsigned);
    if (toZero || element.isUnsigned) {
      return rest;
    }
    // The sign is that of the divisor.
    Value zero = l.s.integer(x.getType(), 0);
    Value differs = l.s.compare(Compare::Less, arith::XOrIOp::create(l.b, rest, y),
                                zero, false);
    Value isZero = l.s.compare(Compare::Equal, rest, zero, false);
    return l.s.select(l.s.logicalAnd(differs, l.s.logicalNot(isZero)),
                      l.s.add(rest, y), rest);
  }
  Type f64 = l.b.getF64Type();
  Value a = l.s.narrow(x, f64);
  Value c = l.s.narrow(y, f64);
  Value quotient = l.s.div(a, c, false);
  quotient = toZero ? math::TruncOp::create(l.b, quotient).getResult()
                    : math::FloorOp::create(l.b, quotient).getResult();
  Value rest = l.s.sub(a, l.s.mul(quotient, c));
  return l.s.narrow(rest, x.getType());
}

static Results lowerMod(Lowering &l) {
  Element element = getComputeElement(l.resultElement());
  bool toZero = l.op.getInt("fmod", 0) != 0;
  return one(l.map({l.get(0), l.get(1)}, l.resultType(), [&](ValueRange v) {
    return remainder(l, v[0], v[1], toZero, element);
  }));
}

static Value sign(Lowering &l, Value x, Element element) {
  Type type = x.getType();
  Value zero = l.s.constant(type, 0);
  Value isPositive =
      l.s.compare(Compare::Greater, x, zero, element.isUnsigned);
  Value positive = l.s.select(isPositive, l.s.constant(type, 1), zero);
  if (element.isUnsigned) {
    return positive;
  }
  Value isNegative = l.s.compare(Compare::Less, x, zero, false);
  Value result =
      l.s.select(isNegative, l.s.constant(type, -1), positive);
  return element.isFloat() ? l.s.select(l.s.isNaN(x), x, result) : result;
}

//===----------------------------------------------------------------------===//
// Clip, means, casts
//===----------------------------------------------------------------------===//

static Results lowerClip(Lowering &l) {
  Element element = getComputeElement(l.resultElement());
  SmallVector<Value> inputs{l.get(0)};
  for (size_t i : {1, 2}) {
    if (l.has(i)) {
      inputs.push_back(l.get(i));
    }
  }
  return one(l.map(inputs, l.resultType(), [&](ValueRange v) {
    Value x = v[0];
    unsigned next = 1;
    if (l.has(1)) {
      x = l.s.max(x, v[next++], element.isUnsigned);
    }
    return l.has(2) ? l.s.min(x, v[next], element.isUnsigned) : x;
  }));
}

static Results lowerMean(Lowering &l) {
  Results sum = fold(l, add);
  if (failed(sum)) {
    return failure();
  }
  auto count = static_cast<double>(l.getNumOperands());
  return one(l.map((*sum)[0], l.resultType(), [&](ValueRange v) {
    return l.s.div(v[0], l.s.constant(v[0].getType(), count), false);
  }));
}

static Results lowerCast(Lowering &l) {
  Element from = l.element(0);
  Element to = l.resultElement();
  return one(l.map(l.get(0), l.resultType(), [&](ValueRange v) {
    return l.s.convert(v[0], getComputeElement(from), to);
  }));
}

static Results lowerBitCast(Lowering &l) {
  auto getWidth = [](Element element) {
    return std::max<unsigned>(element.type.getIntOrFloatBitWidth(), 8);
  };
  Element from = l.element(0);
  Element to = l.resultElement();
  if (getWidth(from) != getWidth(to) || l.shape(0) != l.resultShape()) {
    return l.fail("expects elements of one width");
  }
  // A boolean is a byte, 0 or 1.
  if (from.isBool() || to.isBool()) {
    return lowerCast(l);
  }
  Type type = to.type;
  // Elements must keep their bits: none is widened on the way.
  return one(l.generate(l.resultType(), [&](ValueRange at) -> Value {
    Value x = l.extract(l.get(0), at);
    return x.getType() == type ? x : arith::BitcastOp::create(l.b, type, x);
  }));
}

void onnxir::addElementwise(LoweringTable &table) {
  table["Add"] = [](Lowering &l) { return fold(l, add); };
  table["Sub"] = [](Lowering &l) { return fold(l, sub); };
  table["Mul"] = [](Lowering &l) { return fold(l, mul); };
  table["Div"] = [](Lowering &l) { return fold(l, divide); };
  table["Sum"] = table["Add"];
  table["Max"] = [](Lowering &l) { return fold(l, maxOf); };
  table["Min"] = [](Lowering &l) { return fold(l, minOf); };
  table["Mean"] = lowerMean;
  table["Pow"] = lowerPow;
  table["Mod"] = lowerMod;
  table["Clip"] = lowerClip;
  table["Cast"] = lowerCast;
  table["CastLike"] = lowerCast;
  table["BitCast"] = lowerBitCast;
  table["Neg"] = [](Lowering &l) {
    return unary(l, [](Lowering &l, Value x, Element) { return l.s.neg(x); });
  };
  table["Abs"] = [](Lowering &l) {
    return unary(l, [](Lowering &l, Value x, Element e) {
      return l.s.abs(x, e.isUnsigned);
    });
  };
  table["Sign"] = [](Lowering &l) { return unary(l, sign); };
  table["Reciprocal"] = [](Lowering &l) {
    return unary(l, [](Lowering &l, Value x, Element) {
      return l.s.div(l.s.constant(x.getType(), 1), x, false);
    });
  };
  table["Exp"] = unaryMath<math::ExpOp>;
  table["Log"] = unaryMath<math::LogOp>;
  table["Sqrt"] = unaryMath<math::SqrtOp>;
  table["Erf"] = unaryMath<math::ErfOp>;
  table["Tanh"] = unaryMath<math::TanhOp>;
  table["Sin"] = unaryMath<math::SinOp>;
  table["Cos"] = unaryMath<math::CosOp>;
  table["Tan"] = unaryMath<math::TanOp>;
  table["Asin"] = unaryMath<math::AsinOp>;
  table["Acos"] = unaryMath<math::AcosOp>;
  table["Atan"] = unaryMath<math::AtanOp>;
  table["Sinh"] = unaryMath<math::SinhOp>;
  table["Cosh"] = unaryMath<math::CoshOp>;
  table["Asinh"] = unaryMath<math::AsinhOp>;
  table["Acosh"] = unaryMath<math::AcoshOp>;
  table["Atanh"] = unaryMath<math::AtanhOp>;
  table["Ceil"] = unaryMath<math::CeilOp>;
  table["Floor"] = unaryMath<math::FloorOp>;
  table["Round"] = unaryMath<math::RoundEvenOp>;
}
