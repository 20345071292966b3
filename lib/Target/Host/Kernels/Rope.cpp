// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rotary position embedding from a table of cosines and sines.

#include "KernelBuilder.h"

using namespace qeff;
using namespace qeff::host;
namespace vector = mlir::vector;

namespace {
/// The channels of one head: row and head are fixed, the rest is static.
struct Head {
  KernelBuilder &b;
  Value row, head, position;
  int64_t half; ///< rotaryDim / 2

  Value load(Value i, int64_t width) {
    return b.load(b.arg(0), {row, head, i}, width);
  }
  void store(Value value, Value i) {
    b.store(value, b.arg(3), {row, head, i});
  }
  /// (a·cos − c·sin, c·cos + a·sin) for the pairs that start at pair `i`.
  std::pair<Value, Value> rotate(Value a, Value c, Value i, int64_t width) {
    Value cos = b.load(b.arg(2), {position, i}, width);
    Value sin = b.load(b.arg(2), {position, b.addIndex(i, half)}, width);
    return {b.fma(a, cos, b.neg(b.mul(c, sin))),
            b.fma(c, cos, b.mul(a, sin))};
  }
};
} // namespace

static void buildHalf(Head head) {
  KernelBuilder &b = head.b;
  b.forEachChunk(head.half, [&](Value i, int64_t width) {
    Value other = b.addIndex(i, head.half);
    auto [first, second] = head.rotate(head.load(i, width),
                                       head.load(other, width), i, width);
    head.store(first, i);
    head.store(second, other);
  });
}

static void buildInterleaved(Head head) {
  KernelBuilder &b = head.b;
  b.forEachChunk(head.half, [&](Value i, int64_t width) {
    Value channel = b.mulIndex(i, 2);
    auto pairs = vector::DeinterleaveOp::create(
        b, head.load(channel, 2 * width));
    auto [first, second] =
        head.rotate(pairs.getRes1(), pairs.getRes2(), i, width);
    head.store(vector::InterleaveOp::create(b, first, second), channel);
  });
}

Kernel KernelLibrary::rope(int64_t m, int64_t heads, int64_t headDim,
                           int64_t rotaryDim, int64_t positions,
                           RopeStyle style) {
  OpBuilder types(module.getContext());
  auto rows =
      mlir::MemRefType::get({m, heads, headDim}, types.getF32Type());
  Type operands[] = {
      rows, mlir::MemRefType::get({m}, types.getI64Type()),
      mlir::MemRefType::get({positions, rotaryDim}, types.getF32Type()), rows};
  std::string name =
      llvm::formatv("rope_{0}x{1}x{2}_{3}of{4}_{5}", m, heads, headDim,
                    rotaryDim, positions, stringifyRopeStyle(style));
  return getOrBuild(name, operands, m, /*inPlace=*/true,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value row) {
      Value position =
          b.clampToIndex(b.loadScalar(b.arg(1), row), positions - 1);
      b.loop(b.index(0), b.index(heads), 1, [&](Value h) {
        Head head{b, row, h, position, rotaryDim / 2};
        if (style == RopeStyle::Half) {
          buildHalf(head);
        } else {
          buildInterleaved(head);
        }
        b.forEachChunk(headDim - rotaryDim, [&](Value i, int64_t width) {
          Value channel = b.addIndex(i, rotaryDim);
          head.store(head.load(channel, width), channel);
        });
      });
    });
  });
}
