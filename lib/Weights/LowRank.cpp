// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A low-rank product by blocks: a's columns of a block are packed once and stay
// in the cache for all rows; sums of four rows stay in registers. A portable
// form, and forms for x86 CPUs with AVX2 and FMA or AVX-512, chosen when the
// program runs.

#include "qeff/Weights/LowRank.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace qeff;

namespace {
constexpr int64_t kBlockRows = 4;
constexpr int64_t kBlockColumns = 256;
/// Columns are computed in multiples of this.
constexpr int64_t kStep = 64;

/// Four rows of the weight, in f32.
struct Block {
  alignas(64) float values[kBlockRows][kBlockColumns];
  /// Each row's factors: b[n, …].
  const float *factors[kBlockRows];
};

/// Adds scaling·factors·a to the first `columns` of `block`, a multiple of
/// kStep; `a` is [rank, kBlockColumns].
using AddBlockFn = void (*)(Block &block, const float *a, int64_t columns,
                            int64_t rank, float scaling);

void addBlockPortable(Block &block, const float *a, int64_t columns,
                      int64_t rank, float scaling) {
  for (int64_t i = 0; i < kBlockRows; ++i) {
    float sums[kBlockColumns] = {};
    for (int64_t r = 0; r < rank; ++r) {
      float factor = block.factors[i][r];
      for (int64_t k = 0; k < columns; ++k) {
        sums[k] = std::fma(factor, a[r * kBlockColumns + k], sums[k]);
      }
    }
    for (int64_t k = 0; k < columns; ++k) {
      block.values[i][k] = std::fma(scaling, sums[k], block.values[i][k]);
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void
addBlockAVX2(Block &block, const float *a, int64_t columns, int64_t rank,
             float scaling) {
  constexpr int kLanes = 8;
  constexpr int kVectors = 2;
  __m256 scale = _mm256_set1_ps(scaling);
  for (int64_t k = 0; k < columns; k += kVectors * kLanes) {
    __m256 sums[kBlockRows][kVectors] = {};
    for (int64_t r = 0; r < rank; ++r) {
      const float *row = a + r * kBlockColumns + k;
      for (int i = 0; i < kBlockRows; ++i) {
        __m256 factor = _mm256_set1_ps(block.factors[i][r]);
        for (int v = 0; v < kVectors; ++v) {
          sums[i][v] = _mm256_fmadd_ps(
              factor, _mm256_loadu_ps(row + v * kLanes), sums[i][v]);
        }
      }
    }
    for (int i = 0; i < kBlockRows; ++i) {
      for (int v = 0; v < kVectors; ++v) {
        float *value = &block.values[i][k + v * kLanes];
        _mm256_store_ps(value, _mm256_fmadd_ps(scale, sums[i][v],
                                               _mm256_load_ps(value)));
      }
    }
  }
}

__attribute__((target("avx512f"))) void
addBlockAVX512(Block &block, const float *a, int64_t columns, int64_t rank,
               float scaling) {
  constexpr int kLanes = 16;
  constexpr int kVectors = 4;
  __m512 scale = _mm512_set1_ps(scaling);
  for (int64_t k = 0; k < columns; k += kVectors * kLanes) {
    __m512 sums[kBlockRows][kVectors] = {};
    for (int64_t r = 0; r < rank; ++r) {
      const float *row = a + r * kBlockColumns + k;
      for (int i = 0; i < kBlockRows; ++i) {
        __m512 factor = _mm512_set1_ps(block.factors[i][r]);
        for (int v = 0; v < kVectors; ++v) {
          sums[i][v] = _mm512_fmadd_ps(
              factor, _mm512_loadu_ps(row + v * kLanes), sums[i][v]);
        }
      }
    }
    for (int i = 0; i < kBlockRows; ++i) {
      for (int v = 0; v < kVectors; ++v) {
        float *value = &block.values[i][k + v * kLanes];
        _mm512_store_ps(value, _mm512_fmadd_ps(scale, sums[i][v],
                                               _mm512_load_ps(value)));
      }
    }
  }
}
#endif // defined(__x86_64__)

AddBlockFn chooseAddBlock() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) {
    return addBlockAVX512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return addBlockAVX2;
  }
#endif
  return addBlockPortable;
}
} // namespace

void qeff::addLowRank(FloatKind kind, const void *weight,
                      const LowRankProduct &product, void *result) {
  static const AddBlockFn addBlock = chooseAddBlock();
  int64_t bytes = getFloatBytes(kind);
  const auto *source = static_cast<const char *>(weight);
  auto *target = static_cast<char *>(result);
  std::vector<float> packed(product.rank * kBlockColumns);
  Block block = {};
  for (int64_t k = 0; k < product.columns; k += kBlockColumns) {
    int64_t columns = std::min(kBlockColumns, product.columns - k);
    for (int64_t r = 0; r < product.rank; ++r) {
      std::memcpy(&packed[r * kBlockColumns],
                  product.a + r * product.columns + k,
                  columns * sizeof(float));
    }
    int64_t computed = (columns + kStep - 1) / kStep * kStep;
    for (int64_t n = 0; n < product.rows; n += kBlockRows) {
      int64_t rows = std::min(kBlockRows, product.rows - n);
      for (int64_t i = 0; i < kBlockRows; ++i) {
        // Rows beyond the last compute what nothing reads.
        int64_t row = n + std::min(i, rows - 1);
        block.factors[i] = product.b + row * product.rank;
        convertElements(kind, source + (row * product.columns + k) * bytes,
                        FloatKind::F32, block.values[i], columns);
      }
      addBlock(block, packed.data(), computed, product.rank, product.scaling);
      for (int64_t i = 0; i < rows; ++i) {
        convertElements(FloatKind::F32, block.values[i], kind,
                        target + ((n + i) * product.columns + k) * bytes,
                        columns);
      }
    }
  }
}
