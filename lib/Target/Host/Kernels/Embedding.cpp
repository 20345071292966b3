// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels that pick rows: embedding, select_first, logits_select.

#include "KernelBuilder.h"

using namespace qeff;
using namespace qeff::host;
namespace arith = mlir::arith;

Kernel KernelLibrary::embedding(int64_t m, int64_t vocab, int64_t c,
                                FloatType tableType, TableLayout layout) {
  OpBuilder types(module.getContext());
  bool panels = layout == TableLayout::Panels;
  SmallVector<int64_t> tableShape{vocab, c};
  if (panels) {
    int64_t numPanels = llvm::divideCeil(vocab, kPanelWidth);
    tableShape = {numPanels, c, kPanelWidth};
  }
  Type operands[] = {
      mlir::MemRefType::get({m}, types.getI64Type()),
      mlir::MemRefType::get(tableShape, tableType),
      mlir::MemRefType::get({m, c}, types.getF32Type())};
  std::string name = llvm::formatv("embedding_{0}x{1}x{2}_{3}{4}", m, vocab, c,
                                   tableType, panels ? "_p32" : "");
  return getOrBuild(name, operands, m, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value row) {
      Value id = b.clampToIndex(b.loadScalar(b.arg(0), row), vocab - 1);
      if (!panels) {
        b.forEachChunk(c, [&](Value i, int64_t width) {
          b.store(b.load(b.arg(1), {id, i}, width), b.arg(2), {row, i});
        });
        return;
      }
      Value panel = b.divIndex(id, kPanelWidth);
      Value column = b.remIndex(id, kPanelWidth);
      b.loop(b.index(0), b.index(c), 1, [&](Value i) {
        b.storeScalar(b.loadScalar(b.arg(1), {panel, i, column}), b.arg(2),
                      {row, i});
      });
    });
  });
}

Kernel KernelLibrary::selectFirst(int64_t batch, int64_t seqLen, int64_t c) {
  OpBuilder types(module.getContext());
  Type operands[] = {
      mlir::MemRefType::get({batch, seqLen, c}, types.getF32Type()),
      mlir::MemRefType::get({batch, c}, types.getF32Type())};
  std::string name =
      llvm::formatv("select_first_{0}x{1}x{2}", batch, seqLen, c);
  return getOrBuild(name, operands, batch, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value row) {
      b.forEachChunk(c, [&](Value i, int64_t width) {
        b.store(b.load(b.arg(0), {row, b.index(0), i}, width), b.arg(1),
                {row, i});
      });
    });
  });
}

Kernel KernelLibrary::logitsSelect(int64_t batch, int64_t seqLen, int64_t c) {
  OpBuilder types(module.getContext());
  Type operands[] = {
      mlir::MemRefType::get({batch, seqLen, c}, types.getF32Type()),
      mlir::MemRefType::get({batch, seqLen}, types.getI64Type()),
      mlir::MemRefType::get({batch, c}, types.getF32Type())};
  std::string name =
      llvm::formatv("logits_select_{0}x{1}x{2}", batch, seqLen, c);
  return getOrBuild(name, operands, batch, /*inPlace=*/false,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value row) {
      Value first = b.index(0);
      SmallVector<Value> best = b.loop(
          b.index(1), b.index(seqLen), 1,
          {first, b.loadScalar(b.arg(1), {row, first})},
          [&](Value s, ValueRange carried) -> SmallVector<Value> {
            Value position = b.loadScalar(b.arg(1), {row, s});
            Value later =
                b.compare(arith::CmpIPredicate::sgt, position, carried[1]);
            return {b.select(later, s, carried[0]),
                    b.select(later, position, carried[1])};
          });
      b.forEachChunk(c, [&](Value i, int64_t width) {
        b.store(b.load(b.arg(0), {row, best[0], i}, width), b.arg(2),
                {row, i});
      });
    });
  });
}
