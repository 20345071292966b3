// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Positions from a mask and pooling, against double.

#include "KernelProgram.h"

#include <cmath>

using namespace qeff;
using namespace qeff::host;
using namespace qeff::host::test;

namespace {
class PoolTest : public KernelTest {};
} // namespace

TEST_P(PoolTest, Positions) {
  KernelProgram program(GetParam());
  program.add(program.kernels().positions(2, 3, /*mask=*/true));
  program.add(program.kernels().positions(2, 3, /*mask=*/false));
  ASSERT_NO_FATAL_FAILURE(program.load());
  std::vector<int64_t> mask{1, 0, -5, 0, 0, 1}, masked(6), all(6);
  program.run(0, {mask.data(), masked.data()}, 2);
  program.run(1, {all.data()}, 2);
  EXPECT_EQ(masked, (std::vector<int64_t>{0, -1, 2, -1, -1, 2}));
  EXPECT_EQ(all, (std::vector<int64_t>{0, 1, 2, 0, 1, 2}));
}

TEST_P(PoolTest, MatchesDouble) {
  const int64_t batch = 3, seqLen = 5, c = 37;
  // Row 2 is padding alone.
  int64_t pos[] = {0, 1, 2, 3, 4, -1, 1, -1, 3, -1, -1, -1, -1, -1, -1};
  KernelProgram program(GetParam());
  KernelLibrary &k = program.kernels();
  program.add(k.pool(batch, seqLen, c, Pool::Mean, true));
  program.add(k.pool(batch, seqLen, c, Pool::Max, true));
  program.add(k.pool(batch, seqLen, c, Pool::Mean, false));
  program.add(k.pool(batch, seqLen, c, Pool::Max, false));
  program.add(k.selectFirst(batch, seqLen, c));
  ASSERT_NO_FATAL_FAILURE(program.load());
  std::vector<float> x = random(batch * seqLen * c);
  std::vector<std::vector<float>> out(5, std::vector<float>(batch * c));
  for (size_t i = 0; i < out.size(); ++i) {
    std::vector<void *> operands{x.data()};
    if (i < 2) {
      operands.push_back(pos);
    }
    operands.push_back(out[i].data());
    program.run(i, operands, 2);
  }
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t j = 0; j < c; ++j) {
      for (bool all : {false, true}) {
        double sum = 0, most = -INFINITY;
        int64_t count = 0;
        for (int64_t s = 0; s < seqLen; ++s) {
          if (all || pos[b * seqLen + s] >= 0) {
            double value = x[(b * seqLen + s) * c + j];
            sum += value, most = std::max(most, value), ++count;
          }
        }
        size_t at = b * c + j, mean = all ? 2 : 0;
        EXPECT_NEAR(out[mean][at], count ? sum / count : 0, 1e-6);
        EXPECT_EQ(out[mean + 1][at], count ? float(most) : 0.0f);
      }
      EXPECT_EQ(out[4][b * c + j], x[b * seqLen * c + j]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(CPU, PoolTest, testing::ValuesIn(getRunnableCPUs()));
