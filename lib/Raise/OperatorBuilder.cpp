// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Typed ONNX operators, one by one.

#include "OperatorBuilder.h"

#include "mlir/IR/TypeUtilities.h"

using namespace qeff;

static RankedTensorType getTensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

RankedTensorType qeff::getFloatTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType()) ? type
                                                       : RankedTensorType();
}

bool qeff::canReplace(Value old, Type type) {
  return old.getType() == type ||
         llvm::all_of(old.getUsers(),
                      llvm::IsaPred<onnxir::OperatorOpInterface>);
}

Value OperatorBuilder::getInteger(int64_t value) {
  auto type = RankedTensorType::get({}, builder.getI64Type());
  return initializers.get(DenseElementsAttr::get(type, value), "integer");
}

Value OperatorBuilder::getFloat(double value, Type type) {
  return initializers.getFloat(value, mlir::getElementTypeOrSelf(type),
                               "number");
}

Value OperatorBuilder::add(Value a, Value b) {
  return onnxir::AddOp::create(builder, getLoc(), a.getType(), a, b, {},
                               scope);
}

Value OperatorBuilder::mul(Value a, Value b) {
  return onnxir::MulOp::create(builder, getLoc(), a.getType(), a, b, {},
                               scope);
}

Value OperatorBuilder::less(Value a, Value b, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, builder.getI1Type());
  return onnxir::LessOp::create(builder, getLoc(), type, a, b, {}, scope);
}

Value OperatorBuilder::logicalAnd(Value a, Value b, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, builder.getI1Type());
  return onnxir::AndOp::create(builder, getLoc(), type, a, b, {}, scope);
}

Value OperatorBuilder::matmul(Value a, Value b, Type type) {
  return onnxir::MatMulOp::create(builder, getLoc(), type, a, b, {}, scope);
}

Value OperatorBuilder::transpose(Value x, ArrayRef<int64_t> order) {
  RankedTensorType from = getTensor(x);
  SmallVector<int64_t> shape;
  for (int64_t axis : order) {
    shape.push_back(from.getDimSize(static_cast<unsigned>(axis)));
  }
  return onnxir::TransposeOp::create(builder, getLoc(), from.clone(shape), x,
                                     builder.getDenseI64ArrayAttr(order), {},
                                     scope);
}

Value OperatorBuilder::reshape(Value x, ArrayRef<int64_t> target,
                               ArrayRef<int64_t> shape) {
  return onnxir::ReshapeOp::create(
      builder, getLoc(), getTensor(x).clone(shape), x, getInts(target),
      builder.getI64IntegerAttr(0), {}, scope);
}

Value OperatorBuilder::unsqueeze(Value x, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> shape = llvm::to_vector(getTensor(x).getShape());
  for (int64_t axis : axes) {
    shape.insert(shape.begin() + axis, 1);
  }
  return onnxir::UnsqueezeOp::create(builder, getLoc(),
                                     getTensor(x).clone(shape), x,
                                     getInts(axes), {}, scope);
}

Value OperatorBuilder::cast(Value x, Type element) {
  RankedTensorType type = getTensor(x);
  std::optional<int64_t> to = onnxir::getDataType(element);
  if (type.getElementType() == element || !to) {
    return x;
  }
  return onnxir::CastOp::create(
      builder, getLoc(),
      RankedTensorType::get(type.getShape(), element), x,
      builder.getStringAttr("up"), builder.getI64IntegerAttr(1),
      builder.getI64IntegerAttr(*to), {}, scope);
}

Value OperatorBuilder::gather(Value table, Value ids) {
  SmallVector<int64_t> shape = llvm::to_vector(getTensor(ids).getShape());
  llvm::append_range(shape, getTensor(table).getShape().drop_front());
  return onnxir::GatherOp::create(builder, getLoc(),
                                  getTensor(table).clone(shape), table, ids,
                                  builder.getI64IntegerAttr(0), {}, scope);
}

Value OperatorBuilder::pick(Value x, int64_t axis, int64_t i) {
  SmallVector<int64_t> shape = llvm::to_vector(getTensor(x).getShape());
  shape.erase(shape.begin() + axis);
  return onnxir::GatherOp::create(builder, getLoc(), getTensor(x).clone(shape),
                                  x, getInteger(i),
                                  builder.getI64IntegerAttr(axis), {}, scope);
}

SmallVector<Value> OperatorBuilder::split(Value x, ArrayRef<int64_t> sizes) {
  RankedTensorType from = getTensor(x);
  SmallVector<int64_t> shape = llvm::to_vector(from.getShape());
  SmallVector<Type> types;
  for (int64_t size : sizes) {
    shape.back() = size;
    types.push_back(from.clone(shape));
  }
  auto op = onnxir::SplitOp::create(builder, getLoc(), types, x,
                                    getInts(sizes),
                                    builder.getI64IntegerAttr(-1),
                                    IntegerAttr(), {}, scope);
  return SmallVector<Value>(op->getResults());
}

Value OperatorBuilder::shape(Value x, int64_t begin, int64_t end) {
  auto type = RankedTensorType::get({end - begin}, builder.getI64Type());
  return onnxir::ShapeOp::create(builder, getLoc(), type, x,
                                 builder.getI64IntegerAttr(end),
                                 builder.getI64IntegerAttr(begin), {}, scope);
}

Value OperatorBuilder::count(Value of, int64_t axis) {
  auto scalar = RankedTensorType::get({}, builder.getI64Type());
  Value size = onnxir::SqueezeOp::create(builder, getLoc(), scalar,
                                         shape(of, axis, axis + 1),
                                         getInts({0}), {}, scope);
  auto type =
      RankedTensorType::get({ShapedType::kDynamic}, builder.getI64Type());
  return onnxir::RangeOp::create(builder, getLoc(), type, getInteger(0), size,
                                 getInteger(1), builder.getI64IntegerAttr(1),
                                 {}, scope);
}

Value OperatorBuilder::expand(Value x, Value shape, ArrayRef<int64_t> type) {
  return onnxir::ExpandOp::create(builder, getLoc(), getTensor(x).clone(type),
                                  x, shape, {}, scope);
}
