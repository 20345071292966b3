// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Floating-point arithmetic of kernel bodies. Nothing here calls a library, so
// that the generated code has no dependencies, and no op is reassociated.

#include "KernelBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;
namespace vector = mlir::vector;

static int64_t getWidth(Value vector) {
  return cast<mlir::VectorType>(vector.getType()).getNumElements();
}

Value KernelBuilder::add(Value a, Value b) {
  return arith::AddFOp::create(*this, a, b);
}
Value KernelBuilder::sub(Value a, Value b) {
  return arith::SubFOp::create(*this, a, b);
}
Value KernelBuilder::mul(Value a, Value b) {
  return arith::MulFOp::create(*this, a, b);
}
Value KernelBuilder::div(Value a, Value b) {
  return arith::DivFOp::create(*this, a, b);
}
Value KernelBuilder::neg(Value a) { return arith::NegFOp::create(*this, a); }
Value KernelBuilder::sqrt(Value a) {
  return mlir::math::SqrtOp::create(*this, a);
}

Value KernelBuilder::fma(Value a, Value b, Value c) {
  if (target.hasFMA()) {
    return vector::FMAOp::create(*this, a, b, c);
  }
  return add(mul(a, b), c);
}
Value KernelBuilder::fma(Value a, double b, Value c) {
  return fma(a, splat(getWidth(a), b), c);
}
Value KernelBuilder::fma(Value a, Value b, double c) {
  return fma(a, b, splat(getWidth(a), c));
}

Value KernelBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(*this, condition, a, b);
}
Value KernelBuilder::compare(arith::CmpFPredicate predicate, Value a,
                             Value b) {
  return arith::CmpFOp::create(*this, predicate, a, b);
}
Value KernelBuilder::compare(arith::CmpIPredicate predicate, Value a,
                             Value b) {
  return arith::CmpIOp::create(*this, predicate, a, b);
}

Value KernelBuilder::polynomial(Value x, ArrayRef<double> coefficients) {
  Value result = splat(getWidth(x), coefficients.back());
  for (double c : llvm::reverse(coefficients.drop_back())) {
    result = fma(result, x, c);
  }
  return result;
}

Value KernelBuilder::exp(Value x) {
  // x = n·ln 2 + r with |r| <= ln(2)/2; ln 2 in two parts, of which the first
  // has so few bits that n times it is exact.
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kLn2High = 0.693359375;
  constexpr double kLn2Low = -2.12194440054690583e-4;
  // Adding 1.5·2²³ leaves the nearest integer in the low bits.
  constexpr float kRound = 12582912.0f;
  constexpr double kLow = -87.33;
  constexpr double kHigh = 88.37;
  // (e^r − 1 − r) / r², relative error of e^r below 4e-9.
  static constexpr double kCoefficients[] = {
      0.4999999341, 0.1666652011, 0.04166839421, 0.008368780411,
      0.001381446706};

  int64_t width = getWidth(x);
  Value shifted = fma(x, kLog2E, splat(width, kRound));
  Value n = sub(shifted, splat(width, kRound));
  Value r = fma(n, -kLn2High, x);
  r = fma(n, -kLn2Low, r);
  Value q = polynomial(r, kCoefficients);
  Value p = add(fma(mul(r, r), q, r), splat(width, 1.0));

  // 2^n: the integer n moved into the exponent.
  constexpr int32_t kBias = 127;
  constexpr int32_t kRoundBits = 0x4B400000;
  Value bits = arith::BitcastOp::create(*this, vecI32(width), shifted);
  bits = arith::AddIOp::create(*this, bits,
                               splatI32(width, kBias - kRoundBits));
  bits = arith::ShLIOp::create(*this, bits, splatI32(width, 23));
  Value scale = arith::BitcastOp::create(*this, vec(width), bits);
  Value result = mul(p, scale);
  result = select(compare(arith::CmpFPredicate::OLT, x, splat(width, kLow)),
                  splat(width, 0.0), result);
  return select(compare(arith::CmpFPredicate::OGT, x, splat(width, kHigh)),
                splat(width, std::numeric_limits<double>::infinity()), result);
}

Value KernelBuilder::tanh(Value x) {
  // Near 0, tanh x = x + x³·P(x²), where the form below would cancel;
  // relative error 5e-9.
  constexpr double kNear = 0.625;
  static constexpr double kCoefficients[] = {
      -0.3333328194, 0.1333144219, -0.05373971485, 0.02063908657,
      -0.005704986328};
  int64_t width = getWidth(x);
  Value zero = splat(width, 0.0), one = splat(width, 1.0);
  Value negative = compare(arith::CmpFPredicate::OLT, x, zero);
  Value magnitude = select(negative, neg(x), x);
  Value square = mul(x, x);
  Value near = fma(mul(square, x), polynomial(square, kCoefficients), x);
  // 1 − 2 / (e^(2|x|) + 1)
  Value grown = add(exp(add(magnitude, magnitude)), one);
  Value far = sub(one, div(splat(width, 2.0), grown));
  far = select(negative, neg(far), far);
  return select(compare(arith::CmpFPredicate::OLT, magnitude,
                        splat(width, kNear)),
                near, far);
}

Value KernelBuilder::reduceAdd(Value v) {
  for (int64_t width = getWidth(v) / 2; width >= 1; width /= 2) {
    v = add(extract(v, 0, width), extract(v, width, width));
  }
  return extractScalar(v, 0);
}
Value KernelBuilder::reduceMax(Value v) {
  for (int64_t width = getWidth(v) / 2; width >= 1; width /= 2) {
    Value a = extract(v, 0, width), b = extract(v, width, width);
    v = select(compare(arith::CmpFPredicate::OGT, a, b), a, b);
  }
  return extractScalar(v, 0);
}

Value KernelBuilder::extend(Value narrow) {
  Type type = narrow.getType();
  Type element = mlir::getElementTypeOrSelf(type);
  if (element.isF32()) {
    return narrow;
  }
  auto like = [&](Type elementType) -> Type {
    auto shaped = dyn_cast<mlir::VectorType>(type);
    return shaped ? shaped.clone(elementType) : elementType;
  };
  if (element.isBF16()) {
    Value bits = arith::BitcastOp::create(*this, like(getI16Type()), narrow);
    Value wide = arith::ExtUIOp::create(*this, like(getI32Type()), bits);
    Value shift = arith::ConstantOp::create(
        *this, isa<mlir::VectorType>(type)
                   ? TypedAttr(DenseElementsAttr::get(
                         cast<ShapedType>(wide.getType()), int32_t{16}))
                   : TypedAttr(getI32IntegerAttr(16)));
    wide = arith::ShLIOp::create(*this, wide, shift);
    return arith::BitcastOp::create(*this, like(getF32Type()), wide);
  }
  if (target.hasF16C()) {
    return arith::ExtFOp::create(*this, like(getF32Type()), narrow);
  }
  if (isa<mlir::VectorType>(type)) {
    return extendF16ByBits(narrow);
  }
  return extractScalar(extendF16ByBits(broadcast(narrow, 1)), 0);
}

Value KernelBuilder::extendF16ByBits(Value narrow) {
  int64_t width = getWidth(narrow);
  auto constant = [&](int32_t value) { return splatI32(width, value); };
  Value half = arith::ExtUIOp::create(
      *this, vecI32(width),
      arith::BitcastOp::create(
          *this, mlir::VectorType::get({width}, getI16Type()), narrow));
  Value sign = arith::ShLIOp::create(
      *this, arith::AndIOp::create(*this, half, constant(0x8000)),
      constant(16));
  Value magnitude = arith::ShLIOp::create(
      *this, arith::AndIOp::create(*this, half, constant(0x7FFF)),
      constant(13));
  // The exponent's bias grows by 112; multiplying also normalizes denormals.
  Value scaled = mul(arith::BitcastOp::create(*this, vec(width), magnitude),
                     splat(width, std::ldexp(1.0, 112)));
  Value bits = arith::BitcastOp::create(*this, vecI32(width), scaled);
  Value special =
      compare(arith::CmpIPredicate::uge, magnitude, constant(0x0F800000));
  bits = select(special,
                arith::OrIOp::create(*this, bits, constant(0x7F800000)), bits);
  bits = arith::OrIOp::create(*this, bits, sign);
  return arith::BitcastOp::create(*this, vec(width), bits);
}
