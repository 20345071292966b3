// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels that move elements and compute nothing.

#include "KernelBuilder.h"

using namespace qeff;
using namespace qeff::host;
namespace vector = mlir::vector;

Kernel KernelLibrary::copy(int64_t bytes) {
  auto type = mlir::MemRefType::get(
      {bytes}, IntegerType::get(module.getContext(), 8));
  return getOrBuild(
      llvm::formatv("copy_b{0}", bytes).str(), {type, type}, /*tiles=*/1,
      /*inPlace=*/false, [&](KernelBuilder &b) {
        // Bytes are moved in pieces of 64, the rest in ever smaller ones.
        auto move = [&](Value at, int64_t width) {
          Value piece = vector::LoadOp::create(
              b, mlir::VectorType::get({width}, b.getI8Type()), b.arg(0), at);
          b.store(piece, b.arg(1), at);
        };
        int64_t full = bytes / 64 * 64;
        if (full > 0) {
          b.loop(b.index(0), b.index(full), 64,
                 [&](Value at) { move(at, 64); });
        }
        for (Chunk chunk : getChunks(bytes - full, 32)) {
          move(b.index(full + chunk.offset), chunk.width);
        }
      });
}

Kernel KernelLibrary::swapHeads(int64_t batch, int64_t seqLen, int64_t heads,
                                int64_t dim) {
  Type f32 = mlir::Float32Type::get(module.getContext());
  auto from = mlir::MemRefType::get({batch, seqLen, heads, dim}, f32);
  auto to = mlir::MemRefType::get({batch, heads, seqLen, dim}, f32);
  return getOrBuild(
      llvm::formatv("swap_heads_b{0}_s{1}_h{2}_d{3}", batch, seqLen, heads,
                    dim)
          .str(),
      {from, to}, batch * heads, /*inPlace=*/false, [&](KernelBuilder &b) {
        b.forEachTile([&](Value tile) {
          Value row = b.divIndex(tile, heads);
          Value head = b.remIndex(tile, heads);
          b.loop(b.index(0), b.index(seqLen), 1, [&](Value at) {
            b.forEachChunk(dim, [&](Value offset, int64_t width) {
              Value piece = b.load(b.arg(0), {row, at, head, offset}, width);
              b.store(piece, b.arg(1), {row, head, at, offset});
            });
          });
        });
      });
}
