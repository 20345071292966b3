// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops over scalars as linalg ops.

#include "Lowering.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace linalg = mlir::linalg;
namespace scf = mlir::scf;
namespace tensor = mlir::tensor;
using mlir::AffineExpr;
using mlir::AffineMap;
using mlir::utils::IteratorType;

LogicalResult Lowering::fail(const Twine &text) {
  reason = text.str();
  return failure();
}

RankedTensorType Lowering::resultType(size_t index) const {
  return RankedTensorType::get(resultShape(index), resultElement(index).type);
}

LogicalResult Lowering::expectShape(ArrayRef<int64_t> expected, size_t index) {
  if (resultShape(index) == expected) {
    return success();
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "expects a result of shape [";
  llvm::interleaveComma(expected, os);
  os << "], got [";
  llvm::interleaveComma(resultShape(index), os);
  os << "]";
  return fail(text);
}

FailureOr<int64_t> Lowering::getAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return fail("expects an axis in [" + Twine(-rank) + ", " + Twine(rank) +
                "), got " + Twine(axis));
  }
  return axis < 0 ? axis + rank : axis;
}

FailureOr<int64_t> Lowering::getAxis(StringRef name, int64_t otherwise) {
  return getAxis(op.getInt(name, otherwise),
                 static_cast<int64_t>(shape(0).size()));
}

Value Lowering::readIndex(size_t index, int64_t at) {
  if (auto constant = op.getConstant(index)) {
    return s.index((*constant)[at]);
  }
  SmallVector<Value> indices;
  if (!shape(index).empty()) {
    indices.push_back(s.index(at));
  }
  return s.toIndex(extract(get(index), indices), element(index).isUnsigned);
}

Value Lowering::readScalar(size_t index) {
  SmallVector<Value> zeros(shape(index).size(), s.index(0));
  return extract(get(index), zeros);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

Value Lowering::empty(ArrayRef<int64_t> shape, Type type) {
  return tensor::EmptyOp::create(b, shape, type);
}

Value Lowering::filled(ArrayRef<int64_t> shape, Value scalar) {
  return linalg::FillOp::create(b, scalar, empty(shape, scalar.getType()))
      .getResult(0);
}

Value Lowering::extract(Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(b, tensor, indices);
}

Value Lowering::insert(Value scalar, Value tensor, ValueRange indices) {
  return tensor::InsertOp::create(b, scalar, tensor, indices);
}

/// One group of all axes of a tensor of `rank` axes; none of a scalar.
static SmallVector<mlir::ReassociationIndices> getOneGroup(size_t rank) {
  if (rank == 0) {
    return {};
  }
  return {llvm::to_vector<2>(llvm::seq<int64_t>(rank))};
}

Value Lowering::reshape(Value value, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape) {
    return value;
  }
  if (type.getRank() != 1) {
    auto flat = RankedTensorType::get({type.getNumElements()},
                                      type.getElementType());
    value = type.getRank() == 0
                ? tensor::ExpandShapeOp::create(
                      b, flat, value, getOneGroup(0))
                      .getResult()
                : tensor::CollapseShapeOp::create(
                      b, flat, value, getOneGroup(type.getRank()))
                      .getResult();
  }
  auto result = RankedTensorType::get(shape, type.getElementType());
  if (shape.size() == 1) {
    return value;
  }
  if (shape.empty()) {
    return tensor::CollapseShapeOp::create(b, result, value, getOneGroup(0));
  }
  return tensor::ExpandShapeOp::create(b, result, value,
                                       getOneGroup(shape.size()));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// From the axes of a result of `rank` to those of an operand that is broadcast
/// to it.
static AffineMap getBroadcastMap(MLIRContext *context, int64_t rank,
                                 ArrayRef<int64_t> shape,
                                 ArrayRef<int64_t> resultShape) {
  SmallVector<AffineExpr> exprs;
  auto offset = rank - static_cast<int64_t>(shape.size());
  for (auto [axis, size] : llvm::enumerate(shape)) {
    int64_t at = offset + static_cast<int64_t>(axis);
    exprs.push_back(size == 1 && resultShape[at] != 1
                        ? mlir::getAffineConstantExpr(0, context)
                        : mlir::getAffineDimExpr(at, context));
  }
  return AffineMap::get(rank, 0, exprs, context);
}

/// Whether NumPy broadcasts `shape` to `result`.
static bool isBroadcastable(ArrayRef<int64_t> shape,
                            ArrayRef<int64_t> result) {
  return shape.size() <= result.size() &&
         llvm::all_of(llvm::zip(shape, result.take_back(shape.size())),
                      [](auto sizes) {
                        auto [size, wanted] = sizes;
                        return size == 1 || size == wanted;
                      });
}

Value Lowering::map(ValueRange inputs, RankedTensorType type, ElementFn body) {
  int64_t rank = type.getRank();
  for (Value input : inputs) {
    auto shape = cast<RankedTensorType>(input.getType()).getShape();
    if (!isBroadcastable(shape, type.getShape())) {
      (void)fail("expects operands that broadcast to the result");
      return empty(type.getShape(), type.getElementType());
    }
  }
  SmallVector<AffineMap> maps;
  for (Value input : inputs) {
    maps.push_back(getBroadcastMap(
        b.getContext(), rank,
        cast<RankedTensorType>(input.getType()).getShape(), type.getShape()));
  }
  maps.push_back(b.getMultiDimIdentityMap(rank));
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  Value init = empty(type.getShape(), type.getElementType());
  auto generic = linalg::GenericOp::create(
      b, mlir::TypeRange(type), inputs, ValueRange(init), maps, iterators,
      [&](OpBuilder &, Location, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(arguments.front().getParentBlock());
        SmallVector<Value> wide;
        for (Value argument : arguments.drop_back()) {
          wide.push_back(s.widen(argument));
        }
        linalg::YieldOp::create(b,
                                s.narrow(body(wide), type.getElementType()));
      });
  return generic.getResult(0);
}

Value Lowering::generate(RankedTensorType type, ElementFn body) {
  return map({}, type, [&](ValueRange) {
    SmallVector<Value> indices;
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      indices.push_back(linalg::IndexOp::create(b, axis));
    }
    return body(indices);
  });
}

Value Lowering::reduce(Value input, ArrayRef<int64_t> axes, Value init,
                       CombineFn combine,
                       llvm::function_ref<Value(Value)> transform) {
  auto type = cast<RankedTensorType>(input.getType());
  int64_t rank = type.getRank();
  SmallVector<AffineExpr> kept;
  SmallVector<int64_t> shape;
  SmallVector<IteratorType> iterators(rank, IteratorType::reduction);
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (!llvm::is_contained(axes, axis)) {
      kept.push_back(b.getAffineDimExpr(axis));
      shape.push_back(type.getDimSize(axis));
      iterators[axis] = IteratorType::parallel;
    }
  }
  AffineMap maps[] = {b.getMultiDimIdentityMap(rank),
                      AffineMap::get(rank, 0, kept, b.getContext())};
  Value result = filled(shape, init);
  auto generic = linalg::GenericOp::create(
      b, mlir::TypeRange(result.getType()), ValueRange(input), ValueRange(result),
      maps, iterators, [&](OpBuilder &, Location, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(arguments.front().getParentBlock());
        Value element = s.widen(arguments[0]);
        if (transform) {
          element = transform(element);
        }
        linalg::YieldOp::create(b, combine(arguments[1], element));
      });
  return generic.getResult(0);
}

Value Lowering::accumulate(RankedTensorType type, ArrayRef<int64_t> reduced,
                           Value init, ElementFn body, CombineFn combine) {
  int64_t rank = type.getRank();
  int64_t total = rank + static_cast<int64_t>(reduced.size());
  // The sizes of the reduced iterations come from a tensor that is not read.
  Value sizes = empty(reduced, b.getI8Type());
  SmallVector<AffineExpr> outer, inner;
  for (int64_t axis = 0; axis < total; ++axis) {
    (axis < rank ? outer : inner).push_back(b.getAffineDimExpr(axis));
  }
  AffineMap maps[] = {AffineMap::get(total, 0, inner, b.getContext()),
                      AffineMap::get(total, 0, outer, b.getContext())};
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators.append(reduced.size(), IteratorType::reduction);
  Value result = filled(type.getShape(), init);
  auto generic = linalg::GenericOp::create(
      b, mlir::TypeRange(result.getType()), ValueRange(sizes), ValueRange(result),
      maps, iterators, [&](OpBuilder &, Location, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(arguments.front().getParentBlock());
        SmallVector<Value> indices;
        for (int64_t axis = 0; axis < total; ++axis) {
          indices.push_back(linalg::IndexOp::create(b, axis));
        }
        linalg::YieldOp::create(b, combine(arguments[1], body(indices)));
      });
  return generic.getResult(0);
}

SmallVector<Value> Lowering::loop(
    ValueRange inits, ArrayRef<int64_t> bounds,
    llvm::function_ref<SmallVector<Value>(ValueRange, ValueRange)> body) {
  SmallVector<Value> lower(bounds.size(), s.index(0));
  SmallVector<Value> upper, step(bounds.size(), s.index(1));
  for (int64_t bound : bounds) {
    upper.push_back(s.index(bound));
  }
  scf::LoopNest nest = scf::buildLoopNest(
      b, b.getLoc(), lower, upper, step, inits,
      [&](OpBuilder &inner, Location, ValueRange indices,
          ValueRange tensors) -> scf::ValueVector {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(inner.getInsertionBlock(),
                            inner.getInsertionPoint());
        SmallVector<Value> next = body(indices, tensors);
        return scf::ValueVector(next.begin(), next.end());
      });
  return llvm::to_vector_of<Value>(nest.results);
}
