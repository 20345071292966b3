// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes of keys and values into their caches, and keys put in the same order.

#include "KernelBuilder.h"

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;

mlir::MemRefType qeff::host::getCacheType(MLIRContext *context,
                                          StateLayout layout, int64_t batch,
                                          int64_t groups, int64_t slots,
                                          int64_t dim) {
  Type f32 = mlir::Float32Type::get(context);
  if (layout == StateLayout::RowMajor) {
    return mlir::MemRefType::get({batch, groups, slots, dim}, f32);
  }
  int64_t blocks = llvm::divideCeil(slots, kSlotBlock);
  return mlir::MemRefType::get({batch, groups, blocks, dim, kSlotBlock}, f32);
}

Kernel KernelLibrary::packKeys(int64_t batch, int64_t seqLen, int64_t groups,
                               int64_t dim) {
  OpBuilder types(module.getContext());
  Type operands[] = {
      mlir::MemRefType::get({batch, seqLen, groups, dim}, types.getF32Type()),
      getCacheType(module.getContext(), StateLayout::SlotBlocks, batch, groups,
                   seqLen, dim)};
  std::string name = llvm::formatv("pack_keys_{0}x{1}x{2}x{3}", batch, seqLen,
                                   groups, dim);
  return getOrBuild(name, operands, batch * groups, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value tile) {
      Value row = b.divIndex(tile, groups), group = b.remIndex(tile, groups);
      b.loop(b.index(0), b.index(seqLen), 1, [&](Value s) {
        Value block = b.divIndex(s, kSlotBlock);
        Value lane = b.remIndex(s, kSlotBlock);
        b.loop(b.index(0), b.index(dim), 1, [&](Value i) {
          b.storeScalar(b.loadScalar(b.arg(0), {row, s, group, i}), b.arg(1),
                        {row, group, block, i, lane});
        });
      });
    });
  });
}

Kernel KernelLibrary::cacheWrite(int64_t batch, int64_t seqLen,
                                 int64_t groups, int64_t slots, int64_t dim,
                                 StateLayout layout) {
  OpBuilder types(module.getContext());
  bool rows = layout == StateLayout::RowMajor;
  Type operands[] = {
      mlir::MemRefType::get({batch, seqLen, groups, dim}, types.getF32Type()),
      mlir::MemRefType::get({batch, seqLen}, types.getI64Type()),
      getCacheType(module.getContext(), layout, batch, groups, slots, dim)};
  std::string name =
      llvm::formatv("cache_write_{0}x{1}x{2}x{3}of{4}_{5}", batch, seqLen,
                    groups, dim, slots, rows ? "bhcd" : "bhc16dc");
  return getOrBuild(name, operands, batch * groups, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value tile) {
      Value row = b.divIndex(tile, groups), group = b.remIndex(tile, groups);
      b.loop(b.index(0), b.index(seqLen), 1, [&](Value s) {
        Value position = b.loadScalar(b.arg(1), {row, s});
        // Unsigned: −1 is out of range too.
        Value written = b.compare(arith::CmpIPredicate::ult, position,
                                  b.i64(slots));
        b.ifThen(written, [&] {
          Value slot = b.toIndex(position);
          if (rows) {
            b.forEachChunk(dim, [&](Value i, int64_t width) {
              b.store(b.load(b.arg(0), {row, s, group, i}, width), b.arg(2),
                      {row, group, slot, i});
            });
            return;
          }
          Value block = b.divIndex(slot, kSlotBlock);
          Value lane = b.remIndex(slot, kSlotBlock);
          b.loop(b.index(0), b.index(dim), 1, [&](Value i) {
            b.storeScalar(b.loadScalar(b.arg(0), {row, s, group, i}),
                          b.arg(2), {row, group, block, i, lane});
          });
        });
      });
    });
  });
}
