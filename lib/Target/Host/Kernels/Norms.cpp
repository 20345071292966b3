// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalization of rows. Sums are taken in an order that depends on C alone:
// several vector accumulators, then a fixed tree.

#include "KernelBuilder.h"

using namespace qeff;
using namespace qeff::host;

/// Σ_i map(i), `map` giving the vector of terms at an offset. The terms of a
/// short tail are padded by zeros.
static Value
buildRowSum(KernelBuilder &b, int64_t c,
            llvm::function_ref<Value(Value sum, Value i, int64_t width)> step) {
  constexpr int64_t kAccumulators = 4;
  int64_t lanes = b.getLanes(), stride = lanes * kAccumulators;
  int64_t full = c / stride * stride;
  SmallVector<Value> sums(kAccumulators, b.splat(lanes, 0.0));
  if (full > 0) {
    sums = b.loop(b.index(0), b.index(full), stride, sums,
                  [&](Value i, ValueRange carried) {
                    SmallVector<Value> next;
                    for (auto [j, sum] : llvm::enumerate(carried)) {
                      next.push_back(
                          step(sum, b.addIndex(i, j * lanes), lanes));
                    }
                    return next;
                  });
  }
  SmallVector<Value> tails;
  for (auto [j, chunk] : llvm::enumerate(getChunks(c - full, lanes))) {
    Value i = b.index(full + chunk.offset);
    if (chunk.width == lanes) {
      sums[j] = step(sums[j], i, lanes);
    } else {
      tails.push_back(b.reduceAdd(
          step(b.splat(chunk.width, 0.0), i, chunk.width)));
    }
  }
  Value sum = b.reduceAdd(b.add(b.add(sums[0], sums[1]),
                                b.add(sums[2], sums[3])));
  for (Value tail : tails) {
    sum = b.add(sum, tail);
  }
  return sum;
}

Kernel KernelLibrary::rmsNorm(int64_t m, int64_t c, double eps) {
  OpBuilder types(module.getContext());
  auto matrix = mlir::MemRefType::get({m, c}, types.getF32Type());
  auto vector = mlir::MemRefType::get({c}, types.getF32Type());
  std::string name =
      llvm::formatv("rms_norm_{0}x{1}_{2}", m, c, getNumberName(eps));
  return getOrBuild(name, {matrix, vector, matrix}, m, /*inPlace=*/true,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value row) {
      Value squares = buildRowSum(
          b, c, [&](Value sum, Value i, int64_t width) {
            Value x = b.load(b.arg(0), {row, i}, width);
            return b.fma(x, x, sum);
          });
      Value mean = b.div(squares, b.f32(c));
      Value scale =
          b.div(b.f32(1.0), b.sqrt(b.add(mean, b.f32(eps))));
      b.forEachChunk(c, [&](Value i, int64_t width) {
        Value x = b.load(b.arg(0), {row, i}, width);
        Value normal = b.mul(x, b.broadcast(scale, width));
        b.store(b.mul(b.load(b.arg(1), i, width), normal), b.arg(2),
                {row, i});
      });
    });
  });
}

Kernel KernelLibrary::layerNorm(int64_t m, int64_t c, double eps, bool weight,
                                bool bias) {
  OpBuilder types(module.getContext());
  auto matrix = mlir::MemRefType::get({m, c}, types.getF32Type());
  auto vector = mlir::MemRefType::get({c}, types.getF32Type());
  SmallVector<Type> operands{matrix};
  operands.append(weight + bias, vector);
  operands.push_back(matrix);
  unsigned biasIndex = 1 + weight, outIndex = operands.size() - 1;
  std::string name =
      llvm::formatv("layer_norm_{0}x{1}_{2}{3}{4}", m, c, getNumberName(eps),
                    weight ? "_w" : "", bias ? "_b" : "");
  return getOrBuild(name, operands, m, /*inPlace=*/true,
                    [&](KernelBuilder &b) {
    b.forEachTile([&](Value row) {
      Value count = b.f32(c);
      Value sum =
          buildRowSum(b, c, [&](Value sum, Value i, int64_t width) {
            return b.add(sum, b.load(b.arg(0), {row, i}, width));
          });
      Value mean = b.div(sum, count);
      auto centered = [&](Value i, int64_t width) {
        return b.sub(b.load(b.arg(0), {row, i}, width),
                     b.broadcast(mean, width));
      };
      Value squares =
          buildRowSum(b, c, [&](Value sum, Value i, int64_t width) {
            Value x = centered(i, width);
            return b.fma(x, x, sum);
          });
      Value scale = b.div(
          b.f32(1.0), b.sqrt(b.add(b.div(squares, count), b.f32(eps))));
      b.forEachChunk(c, [&](Value i, int64_t width) {
        Value x = b.mul(centered(i, width), b.broadcast(scale, width));
        if (weight) {
          Value w = b.load(b.arg(1), i, width);
          x = bias ? b.fma(x, w, b.load(b.arg(biasIndex), i, width))
                   : b.mul(x, w);
        } else if (bias) {
          x = b.add(x, b.load(b.arg(biasIndex), i, width));
        }
        b.store(x, b.arg(outIndex), {row, i});
      });
    });
  });
}
