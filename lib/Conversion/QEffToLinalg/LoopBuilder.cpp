// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// linalg ops over tensors of any sizes.

#include "LoopBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace qeff;
namespace arith = mlir::arith;
namespace linalg = mlir::linalg;
namespace tensor = mlir::tensor;
using mlir::AffineExpr;
using mlir::AffineMap;
using mlir::utils::IteratorType;

SmallVector<int64_t> qeff::allLoops(int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(rank));
}

int64_t qeff::getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

Type qeff::getElementType(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

//===----------------------------------------------------------------------===//
// Sizes and scalars
//===----------------------------------------------------------------------===//

OpFoldResult LoopBuilder::size(Value value, int64_t axis) {
  return tensor::getMixedSize(b, b.getLoc(), value, axis);
}

SmallVector<OpFoldResult> LoopBuilder::sizes(Value value) {
  return tensor::getMixedSizes(b, b.getLoc(), value);
}

Value LoopBuilder::indexOf(OpFoldResult size) {
  if (auto attribute = dyn_cast<Attribute>(size)) {
    return s.index(cast<IntegerAttr>(attribute).getInt());
  }
  return cast<Value>(size);
}

Value LoopBuilder::floatOf(OpFoldResult size) {
  if (auto attribute = dyn_cast<Attribute>(size)) {
    return f32(static_cast<double>(cast<IntegerAttr>(attribute).getInt()));
  }
  return toFloat(s.fromIndex(cast<Value>(size), b.getI64Type()));
}

Value LoopBuilder::loop(int64_t axis) {
  return linalg::IndexOp::create(b, axis);
}

Value LoopBuilder::loopNumber(int64_t axis) {
  return s.fromIndex(loop(axis), b.getI64Type());
}

Value LoopBuilder::toFloat(Value integer) {
  return arith::SIToFPOp::create(b, b.getF32Type(), integer);
}

Value LoopBuilder::extract(Value tensor, ValueRange indices) {
  return s.narrow(tensor::ExtractOp::create(b, tensor, indices),
                  b.getF32Type());
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Value LoopBuilder::empty(ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(b, sizes, element);
}

/// From `total` loops to the axes of what is read.
static AffineMap getMap(MLIRContext *context, const Read &read, int64_t total) {
  SmallVector<AffineExpr> exprs;
  for (int64_t loop : read.loops) {
    exprs.push_back(loop == kBroadcast
                        ? mlir::getAffineConstantExpr(0, context)
                        : mlir::getAffineDimExpr(loop, context));
  }
  return AffineMap::get(total, 0, exprs, context);
}

/// The generic op that writes `init`; `body` gets the block's arguments.
static Value buildGeneric(LoopBuilder &l, ArrayRef<Read> reads, Value init,
                          int64_t reduced, LoopBuilder::MapFn body) {
  int64_t rank = getRank(init);
  int64_t total = rank + reduced;
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const Read &read : reads) {
    inputs.push_back(read.tensor);
    maps.push_back(getMap(l.b.getContext(), read, total));
  }
  maps.push_back(getMap(l.b.getContext(), {init, allLoops(rank)}, total));
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators.append(reduced, IteratorType::reduction);
  auto generic = linalg::GenericOp::create(
      l.b, mlir::TypeRange(init.getType()), inputs, ValueRange(init), maps,
      iterators, [&](OpBuilder &, Location, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(l.b);
        l.b.setInsertionPointToEnd(arguments.front().getParentBlock());
        SmallVector<Value> wide;
        for (Value argument : arguments) {
          wide.push_back(l.s.narrow(argument, l.b.getF32Type()));
        }
        linalg::YieldOp::create(
            l.b, l.s.narrow(body(wide), getElementType(init)));
      });
  return generic.getResult(0);
}

Value LoopBuilder::map(ArrayRef<Read> reads, ArrayRef<OpFoldResult> sizes,
                       Type element, MapFn body) {
  return buildGeneric(*this, reads, empty(sizes, element), 0,
                      [&](ValueRange arguments) {
                        return body(arguments.drop_back());
                      });
}

Value LoopBuilder::fold(ArrayRef<Read> reads, ArrayRef<OpFoldResult> sizes,
                        int64_t reduced, Value init, FoldFn body) {
  Value filled =
      linalg::FillOp::create(b, init, empty(sizes, init.getType()))
          .getResult(0);
  return buildGeneric(*this, reads, filled, reduced,
                      [&](ValueRange arguments) {
                        return body(arguments.back(), arguments.drop_back());
                      });
}

Value LoopBuilder::contract(Read a, Read c, ArrayRef<OpFoldResult> sizes) {
  return fold({a, c}, sizes, 1, f32(0), [&](Value sum, ValueRange elements) {
    return s.add(sum, s.mul(elements[0], elements[1]));
  });
}

Value LoopBuilder::mapElements(Value input, Type element,
                               llvm::function_ref<Value(Value)> body) {
  return map({{input, allLoops(getRank(input))}}, sizes(input), element,
             [&](ValueRange elements) { return body(elements[0]); });
}

Value LoopBuilder::convert(Value input, Type element) {
  if (getElementType(input) == element) {
    return input;
  }
  return mapElements(input, element, [](Value x) { return x; });
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

Value LoopBuilder::transpose(Value input, ArrayRef<int64_t> permutation) {
  SmallVector<OpFoldResult> from = sizes(input);
  SmallVector<OpFoldResult> to;
  for (int64_t axis : permutation) {
    to.push_back(from[axis]);
  }
  return linalg::TransposeOp::create(
             b, input, empty(to, getElementType(input)), permutation)
      .getResult()[0];
}

Value LoopBuilder::reshape(Value input, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(input.getType());
  if (type.getShape() == shape) {
    return input;
  }
  auto getGroup = [](int64_t rank) {
    SmallVector<mlir::ReassociationIndices> groups;
    if (rank > 0) {
      groups.emplace_back(llvm::to_vector<2>(llvm::seq<int64_t>(rank)));
    }
    return groups;
  };
  auto flat = RankedTensorType::get({type.getNumElements()},
                                    type.getElementType());
  if (type.getRank() == 0) {
    input = tensor::ExpandShapeOp::create(b, flat, input, getGroup(0));
  } else if (type.getRank() > 1) {
    input = tensor::CollapseShapeOp::create(b, flat, input,
                                            getGroup(type.getRank()));
  }
  auto rank = static_cast<int64_t>(shape.size());
  auto result = RankedTensorType::get(shape, type.getElementType());
  if (rank == 0) {
    return tensor::CollapseShapeOp::create(b, result, input, getGroup(0));
  }
  return rank == 1 ? input
                   : tensor::ExpandShapeOp::create(b, result, input,
                                                   getGroup(rank))
                         .getResult();
}

/// Groups of one axis each, but for one of `axis` and the next.
static SmallVector<mlir::ReassociationIndices> getPairs(int64_t rank,
                                                        int64_t axis) {
  SmallVector<mlir::ReassociationIndices> groups;
  for (int64_t i = 0; i < rank; ++i) {
    if (i == axis + 1) {
      groups.back().push_back(i);
    } else {
      groups.push_back({i});
    }
  }
  return groups;
}

Value LoopBuilder::splitAxis(Value input, int64_t axis, int64_t outer) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<OpFoldResult> to = sizes(input);
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] /= outer;
  to[axis] = size(shape[axis]);
  shape.insert(shape.begin() + axis, outer);
  to.insert(to.begin() + axis, size(outer));
  return tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), input,
      getPairs(type.getRank() + 1, axis), to);
}

Value LoopBuilder::mergeAxes(Value input, int64_t axis) {
  return tensor::CollapseShapeOp::create(b, input,
                                         getPairs(getRank(input), axis));
}

static SmallVector<OpFoldResult> toFoldResults(Builder &b,
                                               ArrayRef<int64_t> values) {
  return llvm::map_to_vector(values, [&](int64_t value) -> OpFoldResult {
    return b.getIndexAttr(value);
  });
}

static SmallVector<OpFoldResult> getStrides(Builder &b, int64_t rank,
                                            ArrayRef<int64_t> strides) {
  return strides.empty()
             ? SmallVector<OpFoldResult>(rank, b.getIndexAttr(1))
             : toFoldResults(b, strides);
}

Value LoopBuilder::slice(Value input, ArrayRef<int64_t> offsets,
                         ArrayRef<OpFoldResult> sizes,
                         ArrayRef<int64_t> strides) {
  return tensor::ExtractSliceOp::create(
      b, input, toFoldResults(b, offsets), sizes,
      getStrides(b, getRank(input), strides));
}

Value LoopBuilder::insertSlice(Value source, Value into,
                               ArrayRef<int64_t> offsets,
                               ArrayRef<int64_t> strides) {
  return tensor::InsertSliceOp::create(
      b, source, into, toFoldResults(b, offsets), sizes(source),
      getStrides(b, getRank(into), strides));
}
