// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Linear quantization to integers of whole bytes.

#include "Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace qeff;
using namespace qeff::onnxir;
namespace math = mlir::math;

Value onnxir::quantize(Lowering &l, Value scaled, Value point,
                       Element element) {
  Type type = scaled.getType();
  Element compute{type, false};
  Value rounded = math::RoundEvenOp::create(l.b, scaled);
  Value moved = l.s.add(rounded, l.s.convert(point, element, compute));
  unsigned width = element.type.getIntOrFloatBitWidth();
  double low = element.isUnsigned ? 0 : -std::exp2(width - 1);
  double high = std::exp2(width - (element.isUnsigned ? 0 : 1)) - 1;
  // NaN ends at the low end, as it does where numbers are clamped to it.
  Value clamped = mlir::arith::MinNumFOp::create(
      l.b,
      mlir::arith::MaxNumFOp::create(l.b, moved, l.s.constant(type, low)),
      l.s.constant(type, high));
  return l.s.convert(clamped, compute, element);
}

Results onnxir::requantize(Lowering &l, Value sums, ArrayRef<size_t> factors,
                           size_t output) {
  Element f32{l.b.getF32Type(), false};
  auto getScale = [&](size_t index) -> FailureOr<Value> {
    Value scale = l.get(index);
    if (l.shape(index).size() == 1 && l.shape(index)[0] != 1) {
      // A scale for each channel, the axis 1 of the result.
      SmallVector<int64_t> channels(l.resultShape().size() - 1, 1);
      if (channels.empty() || l.shape(index)[0] != l.resultShape()[1]) {
        return l.fail("expects a scale for each channel of the result");
      }
      channels[0] = l.shape(index)[0];
      return l.reshape(scale, channels);
    }
    if (l.op.getType(index).getNumElements() != 1) {
      return l.fail("expects one scale, or one for each channel");
    }
    return l.reshape(scale, {});
  };
  SmallVector<Value> inputs{sums};
  SmallVector<size_t> scales(factors);
  scales.push_back(output);
  for (size_t index : scales) {
    FailureOr<Value> scale = getScale(index);
    if (failed(scale)) {
      return failure();
    }
    inputs.push_back(*scale);
  }
  if (l.op.getType(output + 1).getNumElements() != 1) {
    return l.fail("expects one zero point for the result");
  }
  Value point = l.readScalar(output + 1);
  return one(l.map(inputs, l.resultType(), [&](ValueRange v) {
    Value x = l.s.convert(v[0], {l.b.getI32Type(), false}, f32);
    Value factor = l.s.mul(v[1], v[2]);
    factor = l.s.div(factor, v[3], false);
    return quantize(l, l.s.mul(x, factor), point, l.resultElement());
  }));
}

/// Operand `index` (a scale or zero point) broadcast to operand 0: one value,
/// one for each entry of `axis`, or one for each block of it.
static FailureOr<Value> spread(Lowering &l, size_t index) {
  ArrayRef<int64_t> shape = l.shape(0);
  ArrayRef<int64_t> given = l.shape(index);
  int64_t block = l.op.getInt("block_size", 0);
  if (l.op.getType(index).getNumElements() == 1 && block == 0) {
    return l.reshape(l.get(index), {});
  }
  FailureOr<int64_t> axis = l.getAxis("axis", 1);
  if (failed(axis)) {
    return failure();
  }
  if (block == 0) {
    if (given != ArrayRef<int64_t>{shape[*axis]}) {
      return l.fail("expects one scale, or one for each entry of the axis");
    }
    SmallVector<int64_t> broadcast(shape.size() - *axis, 1);
    broadcast[0] = given[0];
    return l.reshape(l.get(index), broadcast);
  }
  SmallVector<int64_t> expected(shape);
  if (block > 0) {
    expected[*axis] = (shape[*axis] + block - 1) / block;
  }
  if (block < 0 || given != ArrayRef<int64_t>(expected)) {
    return l.fail("expects a scale for each block of the axis");
  }
  auto type = RankedTensorType::get(shape, l.element(index).type);
  return l.generate(type, [&](ValueRange at) {
    SmallVector<Value> place(at);
    place[*axis] = mlir::arith::DivUIOp::create(l.b, at[*axis],
                                                l.s.index(block));
    return l.extract(l.get(index), place);
  });
}

static Results lowerQuantize(Lowering &l) {
  Element element = l.resultElement();
  FailureOr<Value> scale = spread(l, 1);
  if (failed(scale)) {
    return failure();
  }
  SmallVector<Value> inputs{l.get(0), *scale};
  if (l.has(2)) {
    FailureOr<Value> point = spread(l, 2);
    if (failed(point)) {
      return failure();
    }
    inputs.push_back(*point);
  }
  if (element.isFloat() || element.isBool()) {
    return l.fail("expects integers of whole bytes as results");
  }
  Element from = getComputeElement(l.element(0));
  Element scaleElement = getComputeElement(l.element(1));
  Element f32{l.b.getF32Type(), false};
  return one(l.map(inputs, l.resultType(), [&](ValueRange v) {
    Value x = l.s.convert(v[0], from, f32);
    Value quotient = l.s.div(x, l.s.convert(v[1], scaleElement, f32), false);
    Value point = v.size() == 3 ? v[2] : l.s.integer(element.type, 0);
    return quantize(l, quotient, point, element);
  }));
}

static Results lowerDequantize(Lowering &l) {
  FailureOr<Value> scale = spread(l, 1);
  if (failed(scale)) {
    return failure();
  }
  SmallVector<Value> inputs{l.get(0), *scale};
  if (l.has(2)) {
    FailureOr<Value> point = spread(l, 2);
    if (failed(point)) {
      return failure();
    }
    inputs.push_back(*point);
  }
  Element from = l.element(0);
  if (from.isFloat() || from.isBool()) {
    return l.fail("expects integers of whole bytes to decode");
  }
  Element compute{l.b.getF32Type(), false};
  Element scaleElement = getComputeElement(l.element(1));
  return one(l.map(inputs, l.resultType(), [&](ValueRange v) {
    Value x = l.s.convert(v[0], from, compute);
    if (v.size() == 3) {
      x = l.s.sub(x, l.s.convert(v[2], from, compute));
    }
    return l.s.mul(x, l.s.convert(v[1], scaleElement, compute));
  }));
}

/// y, y_scale, y_zero_point of u8 with the range of x, 0 included.
static Results lowerDynamicQuantize(Lowering &l) {
  Type type = l.b.getF32Type();
  auto axes = llvm::to_vector(
      llvm::seq<int64_t>(static_cast<int64_t>(l.shape(0).size())));
  Value zero = l.s.constant(type, 0);
  Value high = l.reduce(l.get(0), axes, zero, [&](Value a, Value c) {
    return l.s.max(a, c, false);
  });
  Value low = l.reduce(l.get(0), axes, zero, [&](Value a, Value c) {
    return l.s.min(a, c, false);
  });
  auto scalar = RankedTensorType::get({}, type);
  Element u8{l.b.getI8Type(), true};
  Value scale = l.map({high, low}, scalar, [&](ValueRange v) {
    return l.s.div(l.s.sub(v[0], v[1]), l.s.constant(type, 255), false);
  });
  Value point = l.map({low, scale}, RankedTensorType::get({}, u8.type),
                      [&](ValueRange v) {
    Value ratio = l.s.div(l.s.neg(v[0]), v[1], false);
    return quantize(l, ratio, l.s.integer(u8.type, 0), u8);
  });
  Value y = l.map({l.get(0), scale, point}, l.resultType(), [&](ValueRange v) {
    return quantize(l, l.s.div(v[0], v[1], false), v[2], u8);
  });
  return SmallVector<Value>{y, scale, point};
}

void onnxir::addQuantization(LoweringTable &table) {
  table["QuantizeLinear"] = lowerQuantize;
  table["DequantizeLinear"] = lowerDequantize;
  table["DynamicQuantizeLinear"] = lowerDynamicQuantize;
}
