// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory, loops and integer arithmetic of kernel bodies.

#include "KernelBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/Support/MathExtras.h"

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;
namespace memref = mlir::memref;
namespace scf = mlir::scf;
namespace vector = mlir::vector;

SmallVector<Chunk> qeff::host::getChunks(int64_t count, int64_t lanes) {
  SmallVector<Chunk> chunks;
  for (int64_t offset = 0; offset < count;) {
    while (lanes > count - offset) {
      lanes /= 2;
    }
    chunks.push_back({offset, lanes});
    offset += lanes;
  }
  return chunks;
}

KernelBuilder::KernelBuilder(mlir::func::FuncOp function,
                             const KernelTarget &target)
    : ImplicitLocOpBuilder(
          function.getLoc(),
          OpBuilder::atBlockEnd(&function.getBody().front())),
      function(function), target(target) {}

mlir::VectorType KernelBuilder::vec(int64_t width) {
  return mlir::VectorType::get({width}, getF32Type());
}
mlir::VectorType KernelBuilder::vecI32(int64_t width) {
  return mlir::VectorType::get({width}, getI32Type());
}

//===----------------------------------------------------------------------===//
// Constants and integer arithmetic
//===----------------------------------------------------------------------===//

Value KernelBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}
Value KernelBuilder::i64(int64_t value) {
  return arith::ConstantOp::create(*this, getI64IntegerAttr(value));
}
Value KernelBuilder::f32(double value) {
  return arith::ConstantOp::create(*this,
                                   getF32FloatAttr(static_cast<float>(value)));
}
Value KernelBuilder::splat(int64_t width, double value) {
  return arith::ConstantOp::create(
      *this, DenseElementsAttr::get(vec(width), static_cast<float>(value)));
}
Value KernelBuilder::splatI32(int64_t width, int32_t value) {
  return arith::ConstantOp::create(
      *this, DenseElementsAttr::get(vecI32(width), value));
}

Value KernelBuilder::addIndex(Value a, Value b) {
  return arith::AddIOp::create(*this, a, b);
}
Value KernelBuilder::addIndex(Value a, int64_t b) {
  return b == 0 ? a : addIndex(a, index(b));
}
Value KernelBuilder::mulIndex(Value a, Value b) {
  return arith::MulIOp::create(*this, a, b);
}

Value KernelBuilder::mulIndex(Value a, int64_t b) {
  return b == 1 ? a : arith::MulIOp::create(*this, a, index(b));
}
Value KernelBuilder::divIndex(Value a, int64_t b) {
  return b == 1 ? a : arith::DivUIOp::create(*this, a, index(b));
}
Value KernelBuilder::remIndex(Value a, int64_t b) {
  return b == 1 ? index(0) : arith::RemUIOp::create(*this, a, index(b));
}
Value KernelBuilder::minIndex(Value a, Value b) {
  return arith::MinSIOp::create(*this, a, b);
}
Value KernelBuilder::toIndex(Value i64Value) {
  return arith::IndexCastOp::create(*this, getIndexType(), i64Value);
}
Value KernelBuilder::clampToIndex(Value i64Value, int64_t high) {
  Value low = arith::MaxSIOp::create(*this, i64Value, i64(0));
  return toIndex(arith::MinSIOp::create(*this, low, i64(high)));
}

//===----------------------------------------------------------------------===//
// Vectors and memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::broadcast(Value scalar, int64_t width) {
  return vector::BroadcastOp::create(
      *this, mlir::VectorType::get({width}, scalar.getType()), scalar);
}
Value KernelBuilder::loadScalar(Value memref, ValueRange indices) {
  Value value = memref::LoadOp::create(*this, memref, indices);
  return isa<FloatType>(value.getType()) ? extend(value) : value;
}
void KernelBuilder::storeScalar(Value scalar, Value memref,
                                ValueRange indices) {
  memref::StoreOp::create(*this, scalar, memref, indices);
}
Value KernelBuilder::load(Value memref, ValueRange indices, int64_t width) {
  Type element = cast<mlir::MemRefType>(memref.getType()).getElementType();
  return extend(vector::LoadOp::create(
      *this, mlir::VectorType::get({width}, element), memref, indices));
}
void KernelBuilder::store(Value vector, Value memref, ValueRange indices) {
  vector::StoreOp::create(*this, vector, memref, indices);
}
Value KernelBuilder::extract(Value vector, int64_t offset, int64_t width) {
  if (cast<mlir::VectorType>(vector.getType()).getNumElements() == width) {
    return vector;
  }
  return vector::ExtractStridedSliceOp::create(
      *this, vector, ArrayRef<int64_t>{offset}, ArrayRef<int64_t>{width},
      ArrayRef<int64_t>{1});
}
Value KernelBuilder::extractScalar(Value vector, int64_t lane) {
  return vector::ExtractOp::create(*this, vector, lane);
}
Value KernelBuilder::allocate(ArrayRef<int64_t> shape, Type elementType) {
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(&function.getBody().front());
  return memref::AllocaOp::create(
      *this, mlir::MemRefType::get(shape, elementType),
      getI64IntegerAttr(kAlignment));
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void KernelBuilder::loop(Value lower, Value upper, int64_t step,
                         LoopBody body) {
  auto loop = scf::ForOp::create(*this, lower, upper, index(step));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> KernelBuilder::loop(Value lower, Value upper, int64_t step,
                                       ValueRange inits, CarryBody body) {
  auto loop = scf::ForOp::create(*this, lower, upper, index(step), inits);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(*this, next);
  return llvm::to_vector_of<Value>(loop.getResults());
}

void KernelBuilder::ifThen(Value condition, llvm::function_ref<void()> thenBody,
                           llvm::function_ref<void()> elseBody) {
  auto branch = scf::IfOp::create(*this, condition,
                                  /*withElseRegion=*/bool(elseBody));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  thenBody();
  if (elseBody) {
    setInsertionPointToStart(branch.elseBlock());
    elseBody();
  }
}

void KernelBuilder::forEachChunk(
    int64_t count, llvm::function_ref<void(Value, int64_t)> body) {
  int64_t full = count / getLanes() * getLanes();
  if (full > 0) {
    loop(index(0), index(full), getLanes(),
         [&](Value i) { body(i, getLanes()); });
  }
  for (Chunk chunk : getChunks(count - full, getLanes())) {
    body(index(full + chunk.offset), chunk.width);
  }
}
