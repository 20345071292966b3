// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that move elements without looking at them.

#include "Lowering.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace qeff;
using namespace qeff::onnxir;
namespace tensor = mlir::tensor;
using mlir::AffineMap;
using mlir::utils::IteratorType;

/// Row-major order stays.
static Results lowerReshape(Lowering &l) {
  if (l.op.getType(0).getNumElements() !=
      l.op.getResultType(0).getNumElements()) {
    return l.fail("expects as many elements as the result has");
  }
  return one(l.reshape(l.get(0), l.resultShape()));
}

static Results lowerIdentity(Lowering &l) { return one(l.get(0)); }

/// In inference an identity; the mask is all true.
static Results lowerDropout(Lowering &l) {
  if (l.has(2)) {
    auto training = l.op.getConstant(2);
    if (!training || (*training)[0] != 0) {
      return l.fail("expects no training mode");
    }
  }
  SmallVector<Value> results{l.get(0)};
  if (l.op.getNumResults() > 1) {
    results.push_back(
        l.op.getResultType(1)
            ? l.filled(l.resultShape(1), l.s.boolean(true))
            : Value());
  }
  return results;
}

static Results lowerTranspose(Lowering &l) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  SmallVector<int64_t> order =
      l.op.getInts("perm").value_or(
          llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(rank))));
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  if (sorted != llvm::to_vector(llvm::seq<int64_t>(rank))) {
    return l.fail("expects perm to hold each axis once");
  }
  SmallVector<int64_t> expected;
  for (int64_t axis : order) {
    expected.push_back(l.shape(0)[axis]);
  }
  if (failed(l.expectShape(expected))) {
    return failure();
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> source(rank);
    for (auto [axis, from] : llvm::enumerate(order)) {
      source[from] = at[axis];
    }
    return l.extract(l.get(0), source);
  }));
}

static Results lowerExpand(Lowering &l) {
  return one(l.map(l.get(0), l.resultType(), [](ValueRange v) { return v[0]; }));
}

static Results lowerTile(Lowering &l) {
  ArrayRef<int64_t> shape = l.shape(0);
  if (l.resultShape().size() != shape.size() ||
      (l.op.getType(0).getNumElements() == 0 &&
       l.op.getResultType(0).getNumElements() != 0)) {
    return l.fail("expects a repeat for each axis");
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    SmallVector<Value> source;
    for (auto [index, size] : llvm::zip(at, shape)) {
      source.push_back(mlir::arith::RemUIOp::create(
          l.b, index, l.s.index(std::max<int64_t>(size, 1))));
    }
    return l.extract(l.get(0), source);
  }));
}

/// `source` written into `target` from `offset` on along `axis`.
static Value place(Lowering &l, Value source, Value target, int64_t axis,
                   int64_t offset) {
  auto shape = cast<RankedTensorType>(source.getType()).getShape();
  SmallVector<OpFoldResult> offsets(shape.size(), l.b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(shape.size(), l.b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : shape) {
    sizes.push_back(l.b.getIndexAttr(size));
  }
  offsets[axis] = l.b.getIndexAttr(offset);
  return tensor::InsertSliceOp::create(l.b, source, target, offsets, sizes,
                                       strides);
}

static Results lowerConcat(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", 0);
  if (failed(axis)) {
    return failure();
  }
  Value result = l.empty(l.resultShape(), l.resultElement().type);
  int64_t offset = 0;
  for (size_t i = 0; i < l.getNumOperands(); ++i) {
    if (!l.has(i) || l.shape(i).size() != l.shape(0).size()) {
      return l.fail("expects operands of one number of axes");
    }
    int64_t size = l.shape(i)[*axis];
    if (size != 0) {
      result = place(l, l.get(i), result, *axis, offset);
    }
    offset += size;
  }
  if (offset != l.resultShape()[*axis]) {
    return l.fail("expects operands that fill the result");
  }
  return one(result);
}

static Results lowerSplit(Lowering &l) {
  FailureOr<int64_t> axis = l.getAxis("axis", 0);
  if (failed(axis)) {
    return failure();
  }
  SmallVector<Value> results;
  int64_t offset = 0;
  SmallVector<int64_t> expected(l.shape(0));
  for (size_t i = 0; i < l.op.getNumResults(); ++i) {
    expected[*axis] = l.resultShape(i).size() == expected.size()
                          ? l.resultShape(i)[*axis]
                          : -1;
    if (failed(l.expectShape(expected, i))) {
      return failure();
    }
    results.push_back(l.generate(l.resultType(i), [&](ValueRange at) {
      SmallVector<Value> source(at);
      source[*axis] = l.s.addIndex(at[*axis], offset);
      return l.extract(l.get(0), source);
    }));
    offset += l.resultShape(i)[*axis];
  }
  if (offset != l.shape(0)[*axis]) {
    return l.fail("expects results that make up the operand");
  }
  return results;
}

//===----------------------------------------------------------------------===//
// Blocks of space and depth
//===----------------------------------------------------------------------===//

static Results lowerDepthToSpace(Lowering &l) {
  int64_t block = l.op.getInt("blocksize", 0);
  ArrayRef<int64_t> shape = l.shape(0);
  if (block < 1 || shape.size() != 4 || shape[1] % (block * block) != 0) {
    return l.fail("expects [N, C, H, W] with C a multiple of blocksize²");
  }
  if (failed(l.expectShape({shape[0], shape[1] / (block * block),
                            shape[2] * block, shape[3] * block}))) {
    return failure();
  }
  bool isCRD = l.op.getString("mode", "DCR") == "CRD";
  int64_t depth = shape[1] / (block * block);
  Value size = l.s.index(block);
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    namespace arith = mlir::arith;
    Value row = arith::RemUIOp::create(l.b, at[2], size);
    Value column = arith::RemUIOp::create(l.b, at[3], size);
    Value offset = l.s.addIndex(l.s.mulIndex(row, block), column);
    Value channel =
        isCRD ? l.s.addIndex(l.s.mulIndex(at[1], block * block), offset)
              : l.s.addIndex(l.s.mulIndex(offset, depth), at[1]);
    Value y = arith::DivUIOp::create(l.b, at[2], size);
    Value x = arith::DivUIOp::create(l.b, at[3], size);
    return l.extract(l.get(0), {at[0], channel, y, x});
  }));
}

static Results lowerSpaceToDepth(Lowering &l) {
  int64_t block = l.op.getInt("blocksize", 0);
  ArrayRef<int64_t> shape = l.shape(0);
  if (block < 1 || shape.size() != 4 || shape[1] < 1) {
    return l.fail("expects [N, C, H, W] and a blocksize above 0");
  }
  if (failed(l.expectShape({shape[0], shape[1] * block * block,
                            shape[2] / block, shape[3] / block}))) {
    return failure();
  }
  return one(l.generate(l.resultType(), [&](ValueRange at) {
    namespace arith = mlir::arith;
    Value depth = l.s.index(shape[1]);
    Value offset = arith::DivUIOp::create(l.b, at[1], depth);
    Value channel = arith::RemUIOp::create(l.b, at[1], depth);
    Value size = l.s.index(block);
    Value y = l.s.addIndex(l.s.mulIndex(at[2], block),
                           arith::DivUIOp::create(l.b, offset, size));
    Value x = l.s.addIndex(l.s.mulIndex(at[3], block),
                           arith::RemUIOp::create(l.b, offset, size));
    return l.extract(l.get(0), {at[0], channel, y, x});
  }));
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

static Results lowerShape(Lowering &l) {
  auto rank = static_cast<int64_t>(l.shape(0).size());
  auto clamp = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t start = clamp(l.op.getInt("start", 0));
  int64_t end = std::max(start, clamp(l.op.getInt("end", rank)));
  if (l.resultShape() != ArrayRef<int64_t>{end - start}) {
    return l.fail("expects a result of " + Twine(end - start) + " elements");
  }
  Value result = l.empty(l.resultShape(), l.b.getI64Type());
  for (int64_t axis = start; axis < end; ++axis) {
    result = l.insert(l.s.integer(l.b.getI64Type(), l.shape(0)[axis]), result,
                      l.s.index(axis - start));
  }
  return one(result);
}

static Results lowerSize(Lowering &l) {
  return one(l.filled(l.resultShape(),
                      l.s.integer(l.b.getI64Type(),
                                  l.op.getType(0).getNumElements())));
}

void onnxir::addShapes(LoweringTable &table) {
  for (StringRef name : {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}) {
    table[name] = lowerReshape;
  }
  table["Identity"] = lowerIdentity;
  table["Dropout"] = lowerDropout;
  table["Transpose"] = lowerTranspose;
  table["Expand"] = lowerExpand;
  table["Tile"] = lowerTile;
  table["Concat"] = lowerConcat;
  table["Split"] = lowerSplit;
  table["DepthToSpace"] = lowerDepthToSpace;
  table["SpaceToDepth"] = lowerSpaceToDepth;
  table["Shape"] = lowerShape;
  table["Size"] = lowerSize;
}
