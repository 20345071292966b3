// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Low-rank products against fused multiply-adds one by one: bit for bit, in
// every format, for sizes that fill no block.

#include "qeff/Weights/LowRank.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

using namespace qeff;

namespace {
class LowRankTest : public ::testing::Test {
protected:
  std::vector<float> makeValues(int64_t count) {
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float &value : values) {
      value = normal(random);
    }
    return values;
  }

  static std::vector<char> encode(FloatKind kind,
                                  const std::vector<float> &values) {
    std::vector<char> bytes(values.size() * getFloatBytes(kind));
    convertElements(FloatKind::F32, values.data(), kind, bytes.data(),
                    static_cast<int64_t>(values.size()));
    return bytes;
  }

  void check(FloatKind kind, int64_t rows, int64_t columns, int64_t rank,
             bool inPlace) {
    std::vector<float> a = makeValues(rank * columns);
    std::vector<float> b = makeValues(rows * rank);
    std::vector<char> weight = encode(kind, makeValues(rows * columns));
    std::vector<float> expected(rows * columns);
    convertElements(kind, weight.data(), FloatKind::F32, expected.data(),
                    rows * columns);
    constexpr float kScaling = 0.7f;
    for (int64_t n = 0; n < rows; ++n) {
      for (int64_t k = 0; k < columns; ++k) {
        float sum = 0;
        for (int64_t r = 0; r < rank; ++r) {
          sum = std::fma(b[n * rank + r], a[r * columns + k], sum);
        }
        float &value = expected[n * columns + k];
        value = std::fma(kScaling, sum, value);
      }
    }
    LowRankProduct product = {a.data(), b.data(), rows,
                              columns,  rank,     kScaling};
    std::vector<char> result(weight.size());
    addLowRank(kind, weight.data(), product,
               inPlace ? weight.data() : result.data());
    EXPECT_EQ(inPlace ? weight : result, encode(kind, expected))
        << rows << " x " << columns << ", rank " << rank;
  }

  std::mt19937 random{7};
};
} // namespace

TEST_F(LowRankTest, EveryFormatAndSize) {
  for (FloatKind kind : {FloatKind::F32, FloatKind::F16, FloatKind::BF16}) {
    for (auto [rows, columns] : {std::pair<int64_t, int64_t>{1, 1},
                                 {3, 63},
                                 {4, 64},
                                 {5, 257},
                                 {9, 1000}}) {
      for (int64_t rank : {1, 3, 16, 70}) {
        check(kind, rows, columns, rank, /*inPlace=*/false);
        check(kind, rows, columns, rank, /*inPlace=*/true);
      }
    }
  }
}

TEST_F(LowRankTest, NothingToDo) {
  check(FloatKind::F32, 0, 8, 2, /*inPlace=*/false);
  check(FloatKind::F32, 8, 0, 2, /*inPlace=*/false);
}
