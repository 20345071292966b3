// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of f64 as polynomials; relative errors are around 1e-15.

#include "MathExpansion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"

#include <cmath>

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;
namespace math = mlir::math;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace {
/// Short names for f64 arithmetic, and the functions made of it.
class F64 {
public:
  explicit F64(ImplicitLocOpBuilder &builder) : b(builder) {}

  Value exp(Value x);
  Value log(Value x);
  Value sin(Value x) { return sinCos(x, 0); }
  Value cos(Value x) { return sinCos(x, 1); }
  Value tan(Value x) { return div(sin(x), cos(x)); }
  Value atan(Value x);
  Value asin(Value x);
  Value acos(Value x);
  Value sinh(Value x);
  Value cosh(Value x);
  Value tanh(Value x);
  Value asinh(Value x);
  Value acosh(Value x);
  Value atanh(Value x);
  Value expm1(Value x);
  Value log1p(Value x);
  Value pow(Value x, Value y);

private:
  Value number(double value) {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
  }
  Value bits(int64_t value) {
    return arith::ConstantOp::create(b, b.getI64IntegerAttr(value));
  }
  Value add(Value a, Value c) { return arith::AddFOp::create(b, a, c); }
  Value add(Value a, double c) { return add(a, number(c)); }
  Value sub(Value a, Value c) { return arith::SubFOp::create(b, a, c); }
  Value mul(Value a, Value c) { return arith::MulFOp::create(b, a, c); }
  Value mul(Value a, double c) { return mul(a, number(c)); }
  Value div(Value a, Value c) { return arith::DivFOp::create(b, a, c); }
  Value neg(Value a) { return arith::NegFOp::create(b, a); }
  Value abs(Value a) { return math::AbsFOp::create(b, a); }
  Value sqrt(Value a) { return math::SqrtOp::create(b, a); }
  Value round(Value a) { return math::RoundEvenOp::create(b, a); }
  Value select(Value condition, Value a, Value c) {
    return arith::SelectOp::create(b, condition, a, c);
  }
  Value compare(CmpFPredicate predicate, Value a, Value c) {
    return arith::CmpFOp::create(b, predicate, a, c);
  }
  Value less(Value a, double c) {
    return compare(CmpFPredicate::OLT, a, number(c));
  }
  Value greater(Value a, double c) {
    return compare(CmpFPredicate::OGT, a, number(c));
  }
  Value isNaN(Value a) { return compare(CmpFPredicate::UNO, a, a); }
  Value toBits(Value a) {
    return arith::BitcastOp::create(b, b.getI64Type(), a);
  }
  Value fromBits(Value a) {
    return arith::BitcastOp::create(b, b.getF64Type(), a);
  }
  Value toInteger(Value a) {
    return arith::FPToSIOp::create(b, b.getI64Type(), a);
  }
  Value clamp(Value x, double low, double high) {
    return arith::MinNumFOp::create(
        b, arith::MaxNumFOp::create(b, x, number(low)), number(high));
  }
  Value withSign(Value magnitude, Value sign) {
    return math::CopySignOp::create(b, magnitude, sign);
  }
  /// Coefficients in ascending order.
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value result = number(coefficients.back());
    for (double c : llvm::reverse(coefficients.drop_back())) {
      result = add(mul(result, x), c);
    }
    return result;
  }
  /// 2^n of an integral number in [−1000, 1000].
  Value powerOfTwo(Value n) {
    Value biased = arith::AddIOp::create(b, toInteger(n), bits(1023));
    return fromBits(arith::ShLIOp::create(b, biased, bits(52)));
  }
  Value sinCos(Value x, int64_t quarters);

  ImplicitLocOpBuilder &b;
};
} // namespace

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// e^x = 2^n·e^r, |r| <= ln 2 / 2; 2^n in two steps, for denormals.
Value F64::exp(Value x) {
  Value limited = clamp(x, -746, 710);
  Value n = round(mul(limited, 1.4426950408889634));
  Value r = sub(sub(limited, mul(n, 6.93147180369123816490e-01)),
                mul(n, 1.90821492927058770002e-10));
  SmallVector<double> coefficients;
  double factorial = 1;
  for (int i = 0; i < 14; ++i) {
    coefficients.push_back(1 / factorial);
    factorial *= i + 1;
  }
  Value p = polynomial(r, coefficients);
  Value half = round(mul(n, 0.5));
  Value result = mul(mul(p, powerOfTwo(half)), powerOfTwo(sub(n, half)));
  result = select(greater(x, 709.782712893384), number(kInfinity), result);
  return select(isNaN(x), x, result);
}

/// ln x = e·ln 2 + 2·artanh s, x = m·2^e, s = (m − 1) / (m + 1).
Value F64::log(Value x) {
  Value isTiny = less(x, 0x1p-1022);
  Value scaled = select(isTiny, mul(x, 0x1p54), x);
  Value raw = toBits(scaled);
  // m in [√½, √2).
  Value shifted = arith::SubIOp::create(b, raw, bits(0x3fe6a09e667f3bcd));
  Value e = arith::ShRSIOp::create(b, shifted, bits(52));
  Value m = fromBits(arith::SubIOp::create(
      b, raw, arith::ShLIOp::create(b, e, bits(52))));
  Value exponent = arith::SIToFPOp::create(b, b.getF64Type(), e);
  exponent = select(isTiny, add(exponent, -54), exponent);
  Value s = div(add(m, -1), add(m, 1));
  SmallVector<double> coefficients;
  for (int i = 0; i < 12; ++i) {
    coefficients.push_back(2.0 / (2 * i + 1));
  }
  Value tail = mul(s, polynomial(mul(s, s), coefficients));
  Value result = add(add(tail, mul(exponent, 1.90821492927058770002e-10)),
                     mul(exponent, 6.93147180369123816490e-01));
  result = select(compare(CmpFPredicate::OEQ, x, number(kInfinity)), x, result);
  result = select(compare(CmpFPredicate::OEQ, x, number(0)),
                  number(-kInfinity), result);
  Value isInvalid = compare(CmpFPredicate::ULT, x, number(0));
  return select(isInvalid, number(std::nan("")), result);
}

/// sin(x + quarters·π/2): x = k·π/2 + r, k chooses sine or cosine of r.
Value F64::sinCos(Value x, int64_t quarters) {
  Value k = round(mul(x, 0.63661977236758134308));
  Value r = sub(x, mul(k, 1.57079632673412561417e+00));
  r = sub(r, mul(k, 6.07710050630396597660e-11));
  r = sub(r, mul(k, 2.02226624879595063154e-21));
  SmallVector<double> odd, even;
  double factorial = 1;
  for (int i = 0; i < 20; ++i) {
    double sign = (i / 2) % 2 == 0 ? 1 : -1;
    (i % 2 == 0 ? even : odd).push_back(sign / factorial);
    factorial *= i + 1;
  }
  Value z = mul(r, r);
  Value sine = mul(r, polynomial(z, odd));
  Value cosine = polynomial(z, even);
  Value whole = toInteger(clamp(k, -0x1p62, 0x1p62));
  Value quadrant = arith::AddIOp::create(b, whole, bits(quarters));
  auto hasBit = [&](int64_t bit) -> Value {
    Value masked = arith::AndIOp::create(b, quadrant, bits(bit));
    return arith::CmpIOp::create(b, CmpIPredicate::ne, masked, bits(0));
  };
  Value result = select(hasBit(1), cosine, sine);
  return select(hasBit(2), neg(result), result);
}

/// |x| > tan(3π/8): π/2 − atan(1/x); > tan(π/8): π/4 + atan((x − 1)/(x + 1)).
Value F64::atan(Value x) {
  Value a = abs(x);
  Value isLarge = greater(a, 2.414213562373095);
  Value isMiddle = greater(a, 0.4142135623730950);
  Value t = select(isLarge, div(number(-1), a),
                   select(isMiddle, div(add(a, -1), add(a, 1)), a));
  Value base = select(isLarge, number(1.57079632679489661923),
                      select(isMiddle, number(0.78539816339744830962),
                             number(0)));
  SmallVector<double> coefficients;
  for (int i = 0; i < 24; ++i) {
    coefficients.push_back((i % 2 == 0 ? 1.0 : -1.0) / (2 * i + 1));
  }
  Value result = add(base, mul(t, polynomial(mul(t, t), coefficients)));
  return withSign(result, x);
}

Value F64::asin(Value x) {
  Value root = sqrt(mul(sub(number(1), x), add(x, 1)));
  return atan(div(x, root));
}

Value F64::acos(Value x) {
  return sub(number(1.57079632679489661923), asin(x));
}

Value F64::expm1(Value x) {
  // A sum of the first terms where the subtraction would cancel.
  SmallVector<double> coefficients;
  double factorial = 1;
  for (int i = 1; i < 12; ++i) {
    factorial *= i;
    coefficients.push_back(1 / factorial);
  }
  Value small = mul(x, polynomial(x, coefficients));
  return select(less(abs(x), 0.1), small, add(exp(x), -1));
}

Value F64::log1p(Value x) {
  Value sum = add(x, 1);
  Value lost = sub(x, add(sum, -1));
  Value result = add(log(sum), div(lost, sum));
  Value isLarge = greater(abs(x), 1e15);
  return select(isLarge, log(sum), result);
}

Value F64::sinh(Value x) {
  Value e = expm1(abs(x));
  Value small = mul(add(e, div(e, add(e, 1))), 0.5);
  // Half the exponent first, where e^|x| alone would overflow.
  Value half = exp(mul(abs(x), 0.5));
  Value large = mul(mul(half, 0.5), half);
  return withSign(select(greater(abs(x), 30), large, small), x);
}

Value F64::cosh(Value x) {
  Value e = exp(abs(x));
  Value half = exp(mul(abs(x), 0.5));
  Value large = mul(mul(half, 0.5), half);
  return select(greater(abs(x), 30), large,
                mul(add(e, div(number(1), e)), 0.5));
}

Value F64::tanh(Value x) {
  Value e = expm1(mul(abs(x), -2));
  return withSign(neg(div(e, add(e, 2))), x);
}

Value F64::asinh(Value x) {
  Value a = abs(x);
  Value isLarge = greater(a, 1e8);
  Value square = mul(a, a);
  Value root = sqrt(add(square, 1));
  Value small = log1p(add(a, div(square, add(root, 1))));
  Value large = add(log(a), 0.69314718055994530942);
  return withSign(select(isLarge, large, small), x);
}

Value F64::acosh(Value x) {
  Value isLarge = greater(x, 1e8);
  Value t = add(x, -1);
  Value small = log1p(add(t, sqrt(mul(t, add(t, 2)))));
  return select(isLarge, add(log(x), 0.69314718055994530942), small);
}

Value F64::atanh(Value x) {
  Value a = abs(x);
  return withSign(mul(log1p(div(mul(a, 2), sub(number(1), a))), 0.5), x);
}

/// e^(y·ln|x|) with the sign of an odd integral y.
Value F64::pow(Value x, Value y) {
  Value magnitude = exp(mul(y, log(abs(x))));
  Value isIntegral = compare(CmpFPredicate::OEQ, y, round(y));
  Value half = mul(y, 0.5);
  Value isEven = compare(CmpFPredicate::OEQ, half, round(half));
  Value isNegative = less(x, 0);
  Value negative = select(isIntegral, select(isEven, magnitude, neg(magnitude)),
                          number(std::nan("")));
  Value result = select(isNegative, negative, magnitude);
  Value isZero = compare(CmpFPredicate::OEQ, x, number(0));
  Value ofZero = select(less(y, 0), number(kInfinity), number(0));
  result = select(isZero, ofZero, result);
  Value isOne = arith::OrIOp::create(
      b, compare(CmpFPredicate::OEQ, y, number(0)),
      compare(CmpFPredicate::OEQ, x, number(1)));
  return select(isOne, number(1), result);
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

static Value expand(Operation *op, ImplicitLocOpBuilder &b) {
  F64 f(b);
  Value x = op->getOperand(0);
  StringRef name = op->getName().stripDialect();
  if (name == "powf") {
    return f.pow(x, op->getOperand(1));
  }
  using Function = Value (*)(F64 &, Value);
  static const std::pair<StringRef, Function> functions[] = {
      {"exp", [](F64 &f, Value x) { return f.exp(x); }},
      {"expm1", [](F64 &f, Value x) { return f.expm1(x); }},
      {"log", [](F64 &f, Value x) { return f.log(x); }},
      {"log1p", [](F64 &f, Value x) { return f.log1p(x); }},
      {"sin", [](F64 &f, Value x) { return f.sin(x); }},
      {"cos", [](F64 &f, Value x) { return f.cos(x); }},
      {"tan", [](F64 &f, Value x) { return f.tan(x); }},
      {"asin", [](F64 &f, Value x) { return f.asin(x); }},
      {"acos", [](F64 &f, Value x) { return f.acos(x); }},
      {"atan", [](F64 &f, Value x) { return f.atan(x); }},
      {"sinh", [](F64 &f, Value x) { return f.sinh(x); }},
      {"cosh", [](F64 &f, Value x) { return f.cosh(x); }},
      {"tanh", [](F64 &f, Value x) { return f.tanh(x); }},
      {"asinh", [](F64 &f, Value x) { return f.asinh(x); }},
      {"acosh", [](F64 &f, Value x) { return f.acosh(x); }},
      {"atanh", [](F64 &f, Value x) { return f.atanh(x); }}};
  for (auto [known, function] : functions) {
    if (name == known) {
      return function(f, x);
    }
  }
  return {};
}

/// f32 functions that f32 polynomials of MLIR stand for.
static bool hasPolynomial(StringRef name) {
  return llvm::is_contained({"math.exp", "math.tanh", "math.erf", "math.log",
                             "math.expm1", "math.log1p"},
                            name);
}

namespace {
struct FunctionPattern : public mlir::RewritePattern {
  explicit FunctionPattern(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->getName().getDialectNamespace() != "math" ||
        op->getNumResults() != 1) {
      return failure();
    }
    Type type = op->getResult(0).getType();
    ImplicitLocOpBuilder b(op->getLoc(), rewriter);
    if (type.isF64()) {
      // There is no polynomial of f64 for it here.
      if (isa<math::ErfOp>(op)) {
        Value narrow = arith::TruncFOp::create(b, b.getF32Type(),
                                               op->getOperand(0));
        Value erf = math::ErfOp::create(b, narrow);
        rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, type, erf);
        return success();
      }
      if (Value result = expand(op, b)) {
        rewriter.replaceOp(op, result);
        return success();
      }
      return failure();
    }
    bool isExact = isa<math::SqrtOp, math::AbsFOp, math::FloorOp, math::CeilOp,
                       math::TruncOp, math::RoundEvenOp, math::CopySignOp,
                       math::FmaOp>(op);
    if (!type.isF32() || isExact ||
        hasPolynomial(op->getName().getStringRef())) {
      return failure();
    }
    SmallVector<Value> wide;
    for (Value operand : op->getOperands()) {
      wide.push_back(arith::ExtFOp::create(b, b.getF64Type(), operand));
    }
    OperationState state(op->getLoc(), op->getName());
    state.addOperands(wide);
    state.addTypes(b.getF64Type());
    Operation *exact = rewriter.create(state);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type,
                                                 exact->getResult(0));
    return success();
  }
};
} // namespace

void host::populateFunctionPatterns(RewritePatternSet &patterns) {
  patterns.add<FunctionPattern>(patterns.getContext());
  mlir::populateMathPolynomialApproximationPatterns(patterns, hasPolynomial);
}

void host::populateMathExpansionPatterns(RewritePatternSet &patterns,
                                         const KernelTarget &target) {
  populateFunctionPatterns(patterns);
  populateFloatPatterns(patterns, target);
  arith::populateExpandBFloat16Patterns(patterns);
}
