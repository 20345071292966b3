// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of encoders: positions from a padding mask, pooling.

#include "KernelBuilder.h"

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;

Kernel KernelLibrary::positions(int64_t batch, int64_t seqLen, bool mask) {
  OpBuilder types(module.getContext());
  auto type = mlir::MemRefType::get({batch, seqLen}, types.getI64Type());
  SmallVector<Type> operands(mask ? 2 : 1, type);
  std::string name = llvm::formatv("{0}_{1}x{2}",
                                   mask ? "mask_positions" : "iota", batch,
                                   seqLen);
  return getOrBuild(name, operands, batch, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value row) {
      b.loop(b.index(0), b.index(seqLen), 1, [&](Value s) {
        Value position = arith::IndexCastOp::create(b, b.getI64Type(), s);
        if (mask) {
          Value isSet = b.compare(arith::CmpIPredicate::ne,
                                  b.loadScalar(b.arg(0), {row, s}), b.i64(0));
          position = b.select(isSet, position, b.i64(-1));
        }
        b.storeScalar(position, b.arg(mask ? 1 : 0), {row, s});
      });
    });
  });
}

namespace {
/// One batch row's pooling of `width` channels from channel `i`.
struct Pooling {
  KernelBuilder &b;
  Pool kind;
  bool positions;
  int64_t seqLen;
  Value row;

  Value isVisible(Value s) {
    return b.compare(arith::CmpIPredicate::sge,
                     b.loadScalar(b.arg(1), {row, s}), b.i64(0));
  }

  /// Entries that take part, as f32.
  Value count() {
    if (!positions) {
      return b.f32(static_cast<double>(seqLen));
    }
    return b.loop(b.index(0), b.index(seqLen), 1, {b.f32(0.0)},
                  [&](Value s, ValueRange sum) -> SmallVector<Value> {
                    Value one =
                        b.select(isVisible(s), b.f32(1.0), b.f32(0.0));
                    return {b.add(sum[0], one)};
                  })[0];
  }

  /// The sum or the largest of the entries, in ascending order.
  Value reduce(Value i, int64_t width) {
    Value start = b.splat(width, kind == Pool::Mean ? 0.0 : kLowest);
    return b.loop(
        b.index(0), b.index(seqLen), 1, {start},
        [&](Value s, ValueRange carried) -> SmallVector<Value> {
          Value x = b.load(b.arg(0), {row, s, i}, width), old = carried[0];
          Value next = kind == Pool::Mean
                           ? b.add(old, x)
                           : b.select(b.compare(arith::CmpFPredicate::OGT, x,
                                                old),
                                      x, old);
          return {positions ? b.select(isVisible(s), next, old) : next};
        })[0];
  }
};
} // namespace

Kernel KernelLibrary::pool(int64_t batch, int64_t seqLen, int64_t c, Pool kind,
                           bool positions) {
  OpBuilder types(module.getContext());
  Type f32 = types.getF32Type();
  SmallVector<Type> operands{mlir::MemRefType::get({batch, seqLen, c}, f32)};
  if (positions) {
    operands.push_back(
        mlir::MemRefType::get({batch, seqLen}, types.getI64Type()));
  }
  operands.push_back(mlir::MemRefType::get({batch, c}, f32));
  std::string name =
      llvm::formatv("pool_{0}_{1}x{2}x{3}{4}", stringifyPool(kind), batch,
                    seqLen, c, positions ? "_p" : "");
  return getOrBuild(name, operands, batch, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value row) {
      Pooling pooling{b, kind, positions, seqLen, row};
      Value count = pooling.count();
      Value isEmpty =
          b.compare(arith::CmpFPredicate::OEQ, count, b.f32(0.0));
      Value factor = b.f32(1.0);
      if (kind == Pool::Mean) {
        factor = b.div(factor, count);
      }
      factor = b.select(isEmpty, b.f32(0.0), factor);
      b.forEachChunk(c, [&](Value i, int64_t width) {
        Value result = pooling.reduce(i, width);
        b.store(b.mul(result, b.broadcast(factor, width)),
                b.arg(positions ? 2 : 1), {row, i});
      });
    });
  });
}
