// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lora_shrink and lora_expand against sums in double, row invariance, and that
// nothing above the rank in use is read.

#include "KernelProgram.h"

#include <cmath>

using namespace qeff;
using namespace qeff::host;
using namespace qeff::host::test;

namespace {
constexpr int64_t kCapacity = 24;

struct Header {
  int64_t rank;
  float scaling;
  char rest[52];
};
static_assert(sizeof(Header) == 64);

/// a [rank, K] and b [N, rank] in a block of kCapacity ranks, of which the
/// unused ones are NaN.
struct Pair {
  Header header{};
  std::vector<float> a, b;

  Pair(ArrayRef<float> aValues, ArrayRef<float> bValues, int64_t rank,
       int64_t n, int64_t k, float scaling)
      : a(kCapacity * k, NAN) {
    header.rank = (rank + 7) / 8 * 8;
    header.scaling = scaling;
    int64_t panels = (n + 31) / 32;
    b.assign(kCapacity * panels * 32, NAN);
    std::fill_n(a.begin(), header.rank * k, 0.0f);
    std::fill_n(b.begin(), header.rank * panels * 32, 0.0f);
    std::copy(aValues.begin(), aValues.end(), a.begin());
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t r = 0; r < rank; ++r) {
        b[(i / 32 * header.rank + r) * 32 + i % 32] =
            bValues[i * rank + r];
      }
    }
  }
};

class LoRATest : public KernelTest {};
} // namespace

TEST_P(LoRATest, ShrinkMatchesDouble) {
  const int64_t widths[] = {1, 7, 33, 65, 200};
  const int64_t rows[] = {1, 2, 3, 5, 8, 9, 13, 32};
  KernelProgram program(GetParam());
  for (int64_t k : widths) {
    for (int64_t m : rows) {
      program.add(program.kernels().loraShrink(m, k, kCapacity));
    }
  }
  ASSERT_NO_FATAL_FAILURE(program.load());
  size_t index = 0;
  for (int64_t k : widths) {
    std::vector<float> all = random(32 * k);
    for (int64_t rank : {0, 4, 8, 24}) {
      std::vector<float> a = random(rank * k);
      Pair pair(a, {}, rank, 0, k, 1.0f);
      std::vector<float> alone;
      for (auto [i, m] : llvm::enumerate(rows)) {
        std::vector<float> x(all.end() - m * k, all.end());
        std::vector<float> t(m * kCapacity + 1, -7.0f), again = t;
        program.run(index + i, {x.data(), &pair.header, pair.a.data(),
                                t.data()});
        program.run(index + i, {x.data(), &pair.header, pair.a.data(),
                                again.data()}, 3);
        EXPECT_TRUE(sameBits(t, again));
        EXPECT_EQ(t.back(), -7.0f);
        for (int64_t row = 0; row < m; ++row) {
          for (int64_t r = 0; r < kCapacity; ++r) {
            float got = t[row * kCapacity + r];
            if (r >= pair.header.rank) {
              ASSERT_EQ(got, -7.0f) << "rank " << r << " is not in use";
              continue;
            }
            double sum = 0, size = 0;
            for (int64_t l = 0; l < k && r < rank; ++l) {
              double term = double(x[row * k + l]) * a[r * k + l];
              sum += term, size += std::fabs(term);
            }
            ASSERT_NEAR(got, sum, (size + 1) * 6e-8 * std::sqrt(k + 4.0))
                << m << "x" << r << "x" << k;
          }
        }
        std::vector<float> last(t.end() - 1 - kCapacity, t.end() - 1);
        if (m == 1) {
          alone = last;
        }
        EXPECT_TRUE(sameBits(last, alone)) << m << "x" << k;
      }
    }
    index += std::size(rows);
  }
}

TEST_P(LoRATest, ExpandMatchesDouble) {
  const int64_t sizes[] = {1, 20, 49, 96};
  const int64_t rows[] = {1, 3, 5, 8, 13, 32};
  KernelProgram program(GetParam());
  for (int64_t n : sizes) {
    for (int64_t m : rows) {
      for (bool inPlace : {true, false}) {
        program.add(program.kernels().loraExpand(m, n, kCapacity, inPlace));
      }
    }
  }
  ASSERT_NO_FATAL_FAILURE(program.load());
  size_t index = 0;
  for (int64_t n : sizes) {
    std::vector<float> allT = random(32 * kCapacity), allBase = random(32 * n);
    for (int64_t rank : {0, 4, 8, 24}) {
      const float scaling = 1.75f;
      std::vector<float> b = random(n * rank);
      Pair pair({}, b, rank, n, 0, scaling);
      std::vector<float> alone;
      for (auto [i, m] : llvm::enumerate(rows)) {
        std::vector<float> t(allT.end() - m * kCapacity, allT.end());
        // What shrink does not write is arbitrary.
        for (int64_t j = 0; j < m * kCapacity; ++j) {
          t[j] = j % kCapacity < pair.header.rank ? t[j] : NAN;
        }
        std::vector<float> base(allBase.end() - m * n, allBase.end());
        base.push_back(-7.0f);
        std::vector<float> inPlace = base, out(m * n + 1, -7.0f);
        program.run(index + 2 * i,
                    {t.data(), &pair.header, pair.b.data(), inPlace.data()});
        program.run(index + 2 * i + 1, {t.data(), &pair.header, pair.b.data(),
                                        base.data(), out.data()}, 3);
        EXPECT_TRUE(sameBits(inPlace, out)) << m << "x" << n << "x" << rank;
        EXPECT_EQ(out.back(), -7.0f);
        for (int64_t row = 0; row < m; ++row) {
          for (int64_t j = 0; j < n; ++j) {
            double sum = 0, size = 0;
            for (int64_t r = 0; r < rank; ++r) {
              double term = double(t[row * kCapacity + r]) * b[j * rank + r];
              sum += term, size += std::fabs(term);
            }
            sum = base[row * n + j] + double(scaling) * sum;
            ASSERT_NEAR(out[row * n + j], sum,
                        (scaling * size + std::fabs(base[row * n + j]) + 1e-6) *
                            6e-8 * (rank + 3.0))
                << m << "x" << n << "x" << rank;
          }
        }
        std::vector<float> last(out.end() - 1 - n, out.end() - 1);
        if (m == 1) {
          alone = last;
        }
        EXPECT_TRUE(sameBits(last, alone)) << m << "x" << n;
        if (rank == 0) {
          EXPECT_TRUE(sameBits(out, base)) << "off changes nothing";
        }
      }
    }
    index += 2 * std::size(rows);
  }
}

INSTANTIATE_TEST_SUITE_P(CPU, LoRATest, testing::ValuesIn(getRunnableCPUs()));
