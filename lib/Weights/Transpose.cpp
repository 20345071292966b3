// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocked transposes. A block of one cache line's worth of columns is copied
// line by line into a small buffer, transposed there in registers, and written
// line by line: rows whose distance is a power of two compete for few cache
// sets, and this way no line is needed twice.

#include "qeff/Weights/Transpose.h"

#include <algorithm>
#include <cstring>

using namespace qeff;

namespace {
constexpr int64_t kLineBytes = 64;
constexpr int64_t kMaxRank = 64;

using U16x8 = uint16_t __attribute__((vector_size(16)));
using U32x4 = uint32_t __attribute__((vector_size(16)));
using U64x2 = uint64_t __attribute__((vector_size(16)));

template <typename Vector> Vector load(const void *source) {
  Vector value;
  std::memcpy(&value, source, sizeof(value));
  return value;
}

template <typename Vector> void store(void *target, Vector value) {
  std::memcpy(target, &value, sizeof(value));
}

U16x8 interleaveLow(U16x8 a, U16x8 b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
U16x8 interleaveHigh(U16x8 a, U16x8 b) {
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
U32x4 interleaveLow(U32x4 a, U32x4 b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
}
U32x4 interleaveHigh(U32x4 a, U32x4 b) {
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
}

/// Transposes an N×N block held in N vectors of N elements: log2(N) rounds of
/// interleaving row i with row i + N/2.
template <typename Vector, int N> void transposeRegisters(Vector (&rows)[N]) {
  Vector next[N];
  for (int round = 1; round < N; round *= 2) {
    for (int i = 0; i < N / 2; ++i) {
      next[2 * i] = interleaveLow(rows[i], rows[i + N / 2]);
      next[2 * i + 1] = interleaveHigh(rows[i], rows[i + N / 2]);
    }
    std::copy(next, next + N, rows);
  }
}

template <typename Element> struct RegisterBlock;
template <> struct RegisterBlock<uint16_t> {
  using Vector = U16x8;
  static constexpr int kSize = 8;
};
template <> struct RegisterBlock<uint32_t> {
  using Vector = U32x4;
  static constexpr int kSize = 4;
};

/// A full block of L×L elements, L the elements of a cache line.
template <typename Element>
void transposeLineBlock(const Element *source, int64_t sourceStride,
                        Element *target, int64_t targetStride) {
  constexpr int kLine = kLineBytes / sizeof(Element);
  alignas(kLineBytes) Element block[kLine][kLine];
  for (int r = 0; r < kLine; ++r) {
    std::memcpy(block[r], source + r * sourceStride, kLineBytes);
  }
  using Registers = RegisterBlock<Element>;
  constexpr int kSize = Registers::kSize;
  for (int c = 0; c < kLine; c += kSize) {
    alignas(kLineBytes) Element lines[kSize][kLine];
    for (int r = 0; r < kLine; r += kSize) {
      typename Registers::Vector rows[kSize];
      for (int i = 0; i < kSize; ++i) {
        rows[i] = load<typename Registers::Vector>(&block[r + i][c]);
      }
      transposeRegisters<typename Registers::Vector, kSize>(rows);
      for (int i = 0; i < kSize; ++i) {
        store(&lines[i][r], rows[i]);
      }
    }
    for (int i = 0; i < kSize; ++i) {
      std::memcpy(target + (c + i) * targetStride, lines[i], kLineBytes);
    }
  }
}

/// Any block, element by element.
template <typename Element>
void transposeScalar(const Element *source, int64_t sourceStride,
                     Element *target, int64_t targetStride, int64_t rows,
                     int64_t columns) {
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) {
      std::memcpy(target + c * targetStride + r, source + r * sourceStride + c,
                  sizeof(Element));
    }
  }
}

template <typename Element>
void transposeBlocked(const void *sourceBytes, int64_t sourceStride,
                      void *targetBytes, int64_t targetStride, int64_t rows,
                      int64_t columns) {
  const auto *source = static_cast<const Element *>(sourceBytes);
  auto *target = static_cast<Element *>(targetBytes);
  constexpr int64_t kLine = kLineBytes / sizeof(Element);
  for (int64_t c = 0; c < columns; c += kLine) {
    int64_t width = std::min(kLine, columns - c);
    for (int64_t r = 0; r < rows; r += kLine) {
      int64_t height = std::min(kLine, rows - r);
      const Element *from = source + r * sourceStride + c;
      Element *to = target + c * targetStride + r;
      if constexpr (sizeof(Element) == 2 || sizeof(Element) == 4) {
        if (width == kLine && height == kLine) {
          transposeLineBlock(from, sourceStride, to, targetStride);
          continue;
        }
      }
      transposeScalar(from, sourceStride, to, targetStride, height, width);
    }
  }
}
} // namespace

void qeff::transposeMatrix(const void *source, int64_t sourceStride,
                           void *target, int64_t targetStride, int64_t rows,
                           int64_t columns, int64_t elementBytes) {
  auto transpose = elementBytes == 1   ? transposeBlocked<uint8_t>
                   : elementBytes == 2 ? transposeBlocked<uint16_t>
                   : elementBytes == 4 ? transposeBlocked<uint32_t>
                                       : transposeBlocked<uint64_t>;
  transpose(source, sourceStride, target, targetStride, rows, columns);
}

namespace {
/// A permutation with its unit axes dropped and axes that stay neighbours
/// merged.
struct Permutation {
  int64_t rank = 0;
  /// Of the target's axes, outermost first: size, and the distance in elements
  /// in the source and in the target.
  int64_t sizes[kMaxRank];
  int64_t sourceStrides[kMaxRank];
  int64_t targetStrides[kMaxRank];

  Permutation(const int64_t *sourceSizes, const int64_t *permutation,
              int64_t fullRank) {
    int64_t strides[kMaxRank];
    int64_t stride = 1;
    for (int64_t axis = fullRank - 1; axis >= 0; --axis) {
      strides[axis] = stride;
      stride *= sourceSizes[axis];
    }
    for (int64_t k = 0; k < fullRank; ++k) {
      int64_t size = sourceSizes[permutation[k]];
      int64_t sourceStride = strides[permutation[k]];
      if (size == 1) {
        continue;
      }
      if (rank > 0 && sourceStrides[rank - 1] == size * sourceStride) {
        sizes[rank - 1] *= size;
        sourceStrides[rank - 1] = sourceStride;
        continue;
      }
      sizes[rank] = size;
      sourceStrides[rank] = sourceStride;
      ++rank;
    }
    stride = 1;
    for (int64_t k = rank - 1; k >= 0; --k) {
      targetStrides[k] = stride;
      stride *= sizes[k];
    }
  }
};
} // namespace

void qeff::transposeTensor(const void *source, const int64_t *sizes,
                           const int64_t *permutation, int64_t rank,
                           void *target, int64_t elementBytes) {
  for (int64_t k = 0; k < rank; ++k) {
    if (sizes[k] == 0) {
      return;
    }
  }
  Permutation axes(sizes, permutation, rank);
  const auto *from = static_cast<const char *>(source);
  auto *to = static_cast<char *>(target);
  if (axes.rank <= 1) {
    int64_t count = axes.rank == 0 ? 1 : axes.sizes[0];
    std::memcpy(to, from, count * elementBytes);
    return;
  }
  // The innermost work is a copy of runs where the last axis stays last, else a
  // matrix transpose of the target's last axis and the source's last axis.
  int64_t last = axes.rank - 1;
  bool copies = axes.sourceStrides[last] == 1;
  int64_t column = last;
  for (int64_t k = 0; k < last && !copies; ++k) {
    if (axes.sourceStrides[k] == 1) {
      column = k;
    }
  }
  int64_t index[kMaxRank] = {};
  while (true) {
    int64_t sourceOffset = 0;
    int64_t targetOffset = 0;
    for (int64_t k = 0; k < last; ++k) {
      sourceOffset += index[k] * axes.sourceStrides[k];
      targetOffset += index[k] * axes.targetStrides[k];
    }
    const char *fromRun = from + sourceOffset * elementBytes;
    char *toRun = to + targetOffset * elementBytes;
    if (copies) {
      std::memcpy(toRun, fromRun, axes.sizes[last] * elementBytes);
    } else {
      transposeMatrix(fromRun, axes.sourceStrides[last], toRun,
                      axes.targetStrides[column], axes.sizes[last],
                      axes.sizes[column], elementBytes);
    }
    int64_t k = last - 1;
    for (; k >= 0; --k) {
      if (k == column) {
        continue;
      }
      if (++index[k] < axes.sizes[k]) {
        break;
      }
      index[k] = 0;
    }
    if (k < 0) {
      return;
    }
  }
}
