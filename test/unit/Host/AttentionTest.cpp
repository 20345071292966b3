// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cache_write and attention against a softmax in double, and row invariance
// between chunks, single tokens and batches.

#include "KernelProgram.h"

#include <cmath>

using namespace qeff;
using namespace qeff::host;
using namespace qeff::host::test;

namespace {
class AttentionTest : public KernelTest {};

struct Case {
  int64_t heads, groups, dim, valueDim, slots;
  bool slopes;
  int64_t window = 0;
  double softcap = 0;
  bool sinks = false;
};
const Case kCases[] = {{9, 3, 64, 64, 50, false}, {4, 4, 4, 4, 33, true},
                       {4, 2, 20, 24, 64, false}, {8, 1, 80, 80, 40, true},
                       {5, 5, 16, 16, 17, false}, {2, 1, 256, 256, 48, false},
                       {14, 1, 8, 20, 35, true},
                       {4, 2, 16, 16, 80, false, 7},
                       {9, 3, 8, 8, 70, false, 1},
                       {4, 1, 24, 20, 90, true, 17, 3.0},
                       {4, 2, 16, 16, 70, false, 33, 0, true},
                       {6, 2, 16, 8, 40, true, 0, 0.7, true}};
} // namespace

TEST_P(AttentionTest, MatchesDoubleAndIsRowInvariant) {
  for (const Case &c : kCases) {
    const int64_t tokens = c.slots - 1, chunk = 16, batch = 2;
    double scale = 1 / std::sqrt(double(c.dim));
    KernelProgram program(GetParam());
    auto addAll = [&](int64_t b, int64_t s) {
      KernelLibrary &k = program.kernels();
      program.add(k.cacheWrite(b, s, c.groups, c.slots, c.dim,
                               StateLayout::SlotBlocks));
      program.add(k.cacheWrite(b, s, c.groups, c.slots, c.valueDim,
                               StateLayout::RowMajor));
      AttentionOptions options;
      options.scale = scale;
      options.window = c.window;
      options.softcap = c.softcap;
      options.slopes = c.slopes;
      options.sinks = c.sinks;
      program.add(k.attention({b, s, c.heads, c.groups, c.dim, c.valueDim,
                               c.slots},
                              options));
    };
    addAll(batch, chunk);
    addAll(1, 1);
    ASSERT_NO_FATAL_FAILURE(program.load());

    int64_t padded = (c.slots + 15) / 16 * 16;
    std::vector<float> q = random(batch * tokens * c.heads * c.dim);
    std::vector<float> k = random(batch * tokens * c.groups * c.dim);
    std::vector<float> v = random(batch * tokens * c.groups * c.valueDim);
    std::vector<float> slopes = random(c.heads, 0.1f);
    std::vector<float> sinks = random(c.heads);
    auto addPerHead = [&](std::vector<void *> &operands) {
      if (c.slopes) {
        operands.push_back(slopes.data());
      }
      if (c.sinks) {
        operands.push_back(sinks.data());
      }
    };
    // Whatever an earlier sequence left must not matter.
    std::vector<float> keys(batch * c.groups * padded * c.dim, NAN);
    std::vector<float> values(batch * c.groups * c.slots * c.valueDim, NAN);
    std::vector<float> out(batch * tokens * c.heads * c.valueDim);
    auto copyRows = [&](const std::vector<float> &from, std::vector<float> &to,
                        int64_t b, int64_t t, int64_t s, int64_t width) {
      std::copy_n(&from[(b * tokens + t) * width], width,
                  &to[(b * chunk + s) * width]);
    };
    for (int64_t first = 0; first < tokens; first += chunk) {
      std::vector<float> qc(batch * chunk * c.heads * c.dim, 1.0f);
      std::vector<float> kc(batch * chunk * c.groups * c.dim, NAN);
      std::vector<float> vc(batch * chunk * c.groups * c.valueDim, NAN);
      std::vector<float> oc(batch * chunk * c.heads * c.valueDim, NAN);
      std::vector<int64_t> pos(batch * chunk, -1);
      for (int64_t b = 0; b < batch; ++b) {
        for (int64_t s = 0; s < chunk && first + s < tokens; ++s) {
          pos[b * chunk + s] = first + s;
          copyRows(q, qc, b, first + s, s, c.heads * c.dim);
          copyRows(k, kc, b, first + s, s, c.groups * c.dim);
          copyRows(v, vc, b, first + s, s, c.groups * c.valueDim);
        }
      }
      program.run(0, {kc.data(), pos.data(), keys.data()}, 2);
      program.run(1, {vc.data(), pos.data(), values.data()}, 2);
      std::vector<void *> operands{qc.data(), keys.data(), values.data(),
                                   pos.data()};
      addPerHead(operands);
      operands.push_back(oc.data());
      program.run(2, operands, 5);
      int64_t width = c.heads * c.valueDim;
      for (int64_t i = 0; i < batch * chunk; ++i) {
        int64_t b = i / chunk;
        if (pos[i] < 0) {
          EXPECT_EQ(oc[i * width], 0.0f);
          EXPECT_EQ(oc[(i + 1) * width - 1], 0.0f);
          continue;
        }
        std::copy_n(&oc[i * width], width,
                    &out[(b * tokens + pos[i]) * width]);
      }
    }
    for (int64_t b = 0; b < batch; ++b) {
      std::vector<float> k1(c.groups * padded * c.dim, NAN);
      std::vector<float> v1(c.groups * c.slots * c.valueDim, NAN);
      for (int64_t t = 0; t < tokens; ++t) {
        int64_t at = b * tokens + t;
        std::vector<float> o1(c.heads * c.valueDim);
        program.run(3, {&k[at * c.groups * c.dim], &t, k1.data()});
        program.run(4, {&v[at * c.groups * c.valueDim], &t, v1.data()});
        std::vector<void *> operands{&q[at * c.heads * c.dim], k1.data(),
                                     v1.data(), &t};
        addPerHead(operands);
        operands.push_back(o1.data());
        program.run(5, operands, 2);
        ASSERT_TRUE(sameBits(
            o1, ArrayRef(out).slice(at * o1.size(), o1.size())))
            << "token " << t << " D " << c.dim;
        for (int64_t h = 0; h < c.heads; ++h) {
          int64_t g = h / (c.heads / c.groups);
          std::vector<double> p(t + 1);
          int64_t first = c.window ? std::max<int64_t>(0, t - c.window + 1) : 0;
          double most = c.sinks ? sinks[h] : -INFINITY;
          for (int64_t j = first; j <= t; ++j) {
            double s = 0;
            for (int64_t d = 0; d < c.dim; ++d) {
              s += double(q[(at * c.heads + h) * c.dim + d]) *
                   k[((b * tokens + j) * c.groups + g) * c.dim + d];
            }
            s *= scale;
            if (c.softcap > 0) {
              s = c.softcap * std::tanh(s / c.softcap);
            }
            p[j] = s + (c.slopes ? slopes[h] * (j - t) : 0.0);
            most = std::max(most, p[j]);
          }
          double total = c.sinks ? std::exp(sinks[h] - most) : 0;
          for (int64_t j = first; j <= t; ++j) {
            p[j] = std::exp(p[j] - most), total += p[j];
          }
          for (int64_t e = 0; e < c.valueDim; ++e) {
            double sum = 0;
            for (int64_t j = first; j <= t; ++j) {
              sum += p[j] / total *
                     v[((b * tokens + j) * c.groups + g) * c.valueDim + e];
            }
            ASSERT_NEAR(o1[h * c.valueDim + e], sum, 4e-6);
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(CPU, AttentionTest,
                         testing::ValuesIn(getRunnableCPUs()));
