// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole tensors computed element by element from the ops' definitions: what the
// evaluator's tiles are compared with.
#ifndef QEFF_TEST_UNIT_WEIGHTS_REFERENCETENSOR_H
#define QEFF_TEST_UNIT_WEIGHTS_REFERENCETENSOR_H

#include "qeff/Weights/Convert.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

namespace qeff::test {

using Index = std::vector<int64_t>;

struct ReferenceTensor {
  Index shape;
  FloatKind kind;
  /// Every element as its bits.
  std::vector<uint32_t> bits;

  int64_t count() const {
    int64_t n = 1;
    for (int64_t size : shape) {
      n *= size;
    }
    return n;
  }

  int64_t linear(const Index &index) const {
    int64_t position = 0;
    for (size_t k = 0; k < shape.size(); ++k) {
      position = position * shape[k] + index[k];
    }
    return position;
  }

  uint32_t at(const Index &index) const { return bits[linear(index)]; }

  std::vector<char> toBytes() const {
    std::vector<char> bytes;
    for (uint32_t value : bits) {
      const auto *begin = reinterpret_cast<const char *>(&value);
      bytes.insert(bytes.end(), begin, begin + getFloatBytes(kind));
    }
    return bytes;
  }

  /// The tensor of `shape` whose element at each index `element` gives.
  static ReferenceTensor
  build(Index shape, FloatKind kind,
        const std::function<uint32_t(const Index &)> &element) {
    ReferenceTensor result{std::move(shape), kind, {}};
    Index index(result.shape.size(), 0);
    for (int64_t i = 0; i < result.count(); ++i) {
      int64_t rest = i;
      for (int64_t k = static_cast<int64_t>(index.size()) - 1; k >= 0; --k) {
        index[k] = rest % result.shape[k];
        rest /= result.shape[k];
      }
      result.bits.push_back(element(index));
    }
    return result;
  }

  ReferenceTensor transpose(const Index &permutation) const {
    Index result;
    for (int64_t axis : permutation) {
      result.push_back(shape[axis]);
    }
    return build(result, kind, [&](const Index &index) {
      Index source(index.size());
      for (size_t k = 0; k < index.size(); ++k) {
        source[permutation[k]] = index[k];
      }
      return at(source);
    });
  }

  ReferenceTensor slice(const Index &offsets, const Index &sizes) const {
    return build(sizes, kind, [&](const Index &index) {
      Index source(index);
      for (size_t k = 0; k < index.size(); ++k) {
        source[k] += offsets[k];
      }
      return at(source);
    });
  }

  /// Rows of head h: first the even ones, then the odd ones.
  ReferenceTensor deinterleave(int64_t heads) const {
    int64_t size = shape[0] / heads;
    return build(shape, kind, [&](const Index &index) {
      Index source(index);
      int64_t head = index[0] / size;
      int64_t within = index[0] - head * size;
      source[0] = head * size + (within < size / 2
                                     ? 2 * within
                                     : 2 * (within - size / 2) + 1);
      return at(source);
    });
  }

  ReferenceTensor interleave(int64_t heads) const {
    ReferenceTensor result = *this;
    int64_t size = shape[0] / heads;
    int64_t row = count() / shape[0];
    for (int64_t i = 0; i < shape[0]; ++i) {
      int64_t head = i / size * size;
      int64_t within = i - head;
      int64_t to = within < size / 2 ? 2 * within
                                     : 2 * (within - size / 2) + 1;
      std::copy_n(bits.begin() + i * row, row,
                  result.bits.begin() + (head + to) * row);
    }
    return result;
  }

  static ReferenceTensor concat(const std::vector<ReferenceTensor> &inputs,
                                int64_t axis) {
    Index shape = inputs.front().shape;
    shape[axis] = 0;
    for (const ReferenceTensor &input : inputs) {
      shape[axis] += input.shape[axis];
    }
    return build(shape, inputs.front().kind, [&](const Index &index) {
      Index source(index);
      for (const ReferenceTensor &input : inputs) {
        if (source[axis] < input.shape[axis]) {
          return input.at(source);
        }
        source[axis] -= input.shape[axis];
      }
      return 0u;
    });
  }

  static float toFloat(FloatKind kind, uint32_t value) {
    float result;
    switch (kind) {
    case FloatKind::F32:
      std::memcpy(&result, &value, sizeof(result));
      return result;
    case FloatKind::F16:
      return convertF16ToF32(value);
    case FloatKind::BF16:
      return convertBF16ToF32(value);
    }
    return 0;
  }

  static uint32_t fromFloat(FloatKind kind, float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return kind == FloatKind::F32   ? bits
           : kind == FloatKind::F16 ? convertF32ToF16(value)
                                    : convertF32ToBF16(value);
  }

  ReferenceTensor cast(FloatKind to) const {
    ReferenceTensor result{shape, to, {}};
    for (uint32_t value : bits) {
      result.bits.push_back(
          kind == to ? value : fromFloat(to, toFloat(kind, value)));
    }
    return result;
  }

  /// map(element) in f32.
  template <typename Map> ReferenceTensor apply(Map map) const {
    ReferenceTensor result = *this;
    for (uint32_t &value : result.bits) {
      value = fromFloat(kind, map(toFloat(kind, value)));
    }
    return result;
  }

  /// For bounds that `kind` represents.
  ReferenceTensor clip(float min, float max) const {
    ReferenceTensor result = *this;
    for (uint32_t &value : result.bits) {
      float number = toFloat(kind, value);
      if (number < min || number > max) {
        value = fromFloat(kind, number < min ? min : max);
      }
    }
    return result;
  }
};

} // namespace qeff::test

#endif // QEFF_TEST_UNIT_WEIGHTS_REFERENCETENSOR_H
