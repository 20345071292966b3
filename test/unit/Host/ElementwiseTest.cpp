// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise kernels, norms, rope and logits_select against double.

#include "KernelProgram.h"

#include <cmath>

using namespace qeff;
using namespace qeff::host;
using namespace qeff::host::test;

namespace {
class ElementwiseTest : public KernelTest {};

double activate(double x, Activation kind) {
  switch (kind) {
  case Activation::SiLU:
    return x / (1 + std::exp(-x));
  case Activation::GELU:
    return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
  case Activation::GELUTanh:
    return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) *
                             (x + 0.044715 * x * x * x)));
  case Activation::ReLU:
    return std::max(x, 0.0);
  case Activation::Tanh:
    return std::tanh(x);
  case Activation::Sigmoid:
    return 1 / (1 + std::exp(-x));
  case Activation::QuickGELU:
    return x / (1 + std::exp(-1.702 * x));
  }
  return 0;
}
} // namespace

TEST_P(ElementwiseTest, Activations) {
  const Activation kinds[] = {
      Activation::SiLU,     Activation::GELU, Activation::GELUTanh,
      Activation::ReLU,     Activation::Tanh, Activation::Sigmoid,
      Activation::QuickGELU};
  std::vector<float> x;
  for (double v = -30; v < 30; v += 0.0123) {
    x.push_back(v);
  }
  x.insert(x.end(), {0.0f, -0.0f, 1e-20f, -1e-20f, 200.0f, -200.0f, 3e38f,
                     -3e38f});
  std::vector<float> up = random(x.size());
  KernelProgram program(GetParam());
  for (Activation kind : kinds) {
    program.add(program.kernels().activate(x.size(), kind));
    program.add(program.kernels().gate(x.size(), kind));
  }
  ASSERT_NO_FATAL_FAILURE(program.load());
  size_t index = 0;
  for (Activation kind : kinds) {
    std::vector<float> out(x.size()), gated = x;
    program.run(index++, {x.data(), out.data()}, 2);
    program.run(index++, {gated.data(), up.data(), gated.data()}, 2);
    for (size_t i = 0; i < x.size(); ++i) {
      double expected = activate(x[i], kind);
      // In a tail e^-y the rounding of y shows y times as large.
      double tail = 0;
      if (x[i] < 0 && expected != 0 && kind != Activation::Tanh) {
        double factor = kind == Activation::Sigmoid ? 1.0 : x[i];
        tail = -std::log(expected / factor);
      }
      double relative = 1e-6 + 2e-7 * tail;
      ASSERT_NEAR(out[i], expected,
                  std::max(relative * std::fabs(expected), 1e-30))
          << "x = " << x[i] << " kind " << static_cast<int>(kind);
      ASSERT_EQ(gated[i], out[i] * up[i]);
    }
  }
}

TEST_P(ElementwiseTest, AddAndClip) {
  for (int64_t count : {1, 3, 16, 2047, 2048, 2049, 5000}) {
    KernelProgram program(GetParam());
    program.add(program.kernels().add(count));
    program.add(program.kernels().clip(count, -0.5, 0.75));
    ASSERT_NO_FATAL_FAILURE(program.load());
    std::vector<float> a = random(count), b = random(count), sum(count + 1);
    std::vector<float> clipped(count);
    a[0] = NAN;
    program.run(0, {a.data(), b.data(), sum.data()}, 2);
    program.run(1, {a.data(), clipped.data()}, 2);
    EXPECT_TRUE(std::isnan(sum[0]) && std::isnan(clipped[0]));
    EXPECT_EQ(sum[count], 0.0f);
    for (int64_t i = 1; i < count; ++i) {
      EXPECT_EQ(sum[i], a[i] + b[i]);
      EXPECT_EQ(clipped[i], std::min(std::max(a[i], -0.5f), 0.75f));
    }
  }
}

TEST_P(ElementwiseTest, MulScaleOffsetAndSoftcap) {
  for (int64_t count : {1, 7, 2049}) {
    KernelProgram program(GetParam());
    KernelLibrary &k = program.kernels();
    program.add(k.mul(count));
    program.add(k.scale(count, 0.3));
    program.add(k.offset(count, 1.5));
    program.add(k.softcap(count, 30));
    program.add(k.softcap(count, 0.5));
    ASSERT_NO_FATAL_FAILURE(program.load());
    std::vector<float> a = random(count, 20.0f), b = random(count);
    std::vector<std::vector<float>> out(5, std::vector<float>(count));
    program.run(0, {a.data(), b.data(), out[0].data()}, 2);
    for (size_t i = 1; i < out.size(); ++i) {
      program.run(i, {a.data(), out[i].data()}, 2);
    }
    for (int64_t i = 0; i < count; ++i) {
      EXPECT_EQ(out[0][i], a[i] * b[i]);
      EXPECT_EQ(out[1][i], a[i] * 0.3f);
      EXPECT_EQ(out[2][i], a[i] + 1.5f);
      double wide = 30 * std::tanh(a[i] / 30.0);
      EXPECT_NEAR(out[3][i], wide, 1e-6 * std::fabs(wide));
      double narrow = 0.5 * std::tanh(a[i] / 0.5);
      EXPECT_NEAR(out[4][i], narrow, 1e-6 * std::fabs(narrow));
    }
  }
}

TEST_P(ElementwiseTest, Norms) {
  const double eps = 1e-5;
  for (int64_t c : {1, 5, 16, 37, 64, 576, 769}) {
    const int64_t m = 7;
    KernelProgram program(GetParam());
    program.add(program.kernels().rmsNorm(m, c, eps));
    program.add(program.kernels().rmsNorm(1, c, eps));
    program.add(program.kernels().layerNorm(m, c, eps, true, true));
    program.add(program.kernels().layerNorm(1, c, eps, true, true));
    program.add(program.kernels().layerNorm(m, c, eps, true, false));
    program.add(program.kernels().layerNorm(m, c, eps, false, false));
    ASSERT_NO_FATAL_FAILURE(program.load());
    std::vector<float> x = random(m * c), w = random(c), b = random(c);
    for (float &value : x) {
      value += 3.0f;
    }
    std::vector<float> rms(m * c), layer(m * c), noBias(m * c), plain(m * c);
    program.run(0, {x.data(), w.data(), rms.data()}, 3);
    program.run(2, {x.data(), w.data(), b.data(), layer.data()}, 3);
    program.run(4, {x.data(), w.data(), noBias.data()});
    program.run(5, {x.data(), plain.data()});
    for (int64_t i = 0; i < m; ++i) {
      double square = 0, mean = 0, variance = 0;
      for (int64_t j = 0; j < c; ++j) {
        square += double(x[i * c + j]) * x[i * c + j] / c;
        mean += double(x[i * c + j]) / c;
      }
      for (int64_t j = 0; j < c; ++j) {
        variance += std::pow(x[i * c + j] - mean, 2) / c;
      }
      for (int64_t j = 0; j < c; ++j) {
        double value = x[i * c + j];
        double normal = (value - mean) / std::sqrt(variance + eps);
        double tolerance = c == 1 ? 1e-3 : 3e-6 * (1 + std::fabs(normal) * 3);
        EXPECT_NEAR(rms[i * c + j], w[j] * value / std::sqrt(square + eps),
                    3e-6 * (1 + std::fabs(w[j] * value)));
        EXPECT_NEAR(plain[i * c + j], normal, tolerance);
        EXPECT_NEAR(noBias[i * c + j], normal * w[j],
                    tolerance * (1 + std::fabs(w[j])));
        EXPECT_NEAR(layer[i * c + j], normal * w[j] + b[j],
                    tolerance * (1 + std::fabs(w[j]) + std::fabs(b[j])));
      }
      std::vector<float> one(x.begin() + i * c, x.begin() + (i + 1) * c);
      std::vector<float> row = one;
      program.run(1, {row.data(), w.data(), row.data()});
      EXPECT_TRUE(sameBits(row, ArrayRef(rms).slice(i * c, c)));
      program.run(3, {one.data(), w.data(), b.data(), one.data()});
      EXPECT_TRUE(sameBits(one, ArrayRef(layer).slice(i * c, c)));
    }
  }
}

TEST_P(ElementwiseTest, Rope) {
  struct Shape {
    int64_t heads, dim, rotary;
  };
  const int64_t m = 5, positions = 11;
  for (auto [heads, dim, rotary] :
       {Shape{3, 64, 64}, {2, 20, 20}, {1, 24, 6}, {4, 4, 2}, {2, 80, 32}}) {
    for (RopeStyle style : {RopeStyle::Half, RopeStyle::Interleaved}) {
      KernelProgram program(GetParam());
      program.add(
          program.kernels().rope(m, heads, dim, rotary, positions, style));
      ASSERT_NO_FATAL_FAILURE(program.load());
      std::vector<float> x = random(m * heads * dim), out(x.size());
      std::vector<float> table = random(positions * rotary);
      int64_t pos[] = {3, -1, 0, 10, 11}, row[] = {3, 0, 0, 10, 10};
      program.run(0, {x.data(), pos, table.data(), out.data()}, 2);
      int64_t half = rotary / 2;
      for (int64_t i = 0; i < m * heads; ++i) {
        const float *cos = &table[row[i / heads] * rotary], *sin = cos + half;
        for (int64_t j = 0; j < half; ++j) {
          bool isHalf = style == RopeStyle::Half;
          int64_t a = i * dim + (isHalf ? j : 2 * j);
          int64_t b = i * dim + (isHalf ? j + half : 2 * j + 1);
          EXPECT_NEAR(out[a], double(x[a]) * cos[j] - double(x[b]) * sin[j],
                      2e-6);
          EXPECT_NEAR(out[b], double(x[b]) * cos[j] + double(x[a]) * sin[j],
                      2e-6);
        }
        for (int64_t j = rotary; j < dim; ++j) {
          EXPECT_EQ(out[i * dim + j], x[i * dim + j]);
        }
      }
    }
  }
}

TEST_P(ElementwiseTest, LogitsSelect) {
  const int64_t batch = 3, seqLen = 4, c = 19;
  KernelProgram program(GetParam());
  program.add(program.kernels().logitsSelect(batch, seqLen, c));
  ASSERT_NO_FATAL_FAILURE(program.load());
  std::vector<float> x = random(batch * seqLen * c), out(batch * c);
  int64_t pos[] = {5, 6, 7, 8, 4, -1, -1, -1, -1, -1, -1, -1};
  int64_t expected[] = {3, 0, 0};
  program.run(0, {x.data(), pos, out.data()}, 2);
  for (int64_t b = 0; b < batch; ++b) {
    EXPECT_TRUE(
        sameBits(ArrayRef(out).slice(b * c, c),
                 ArrayRef(x).slice((b * seqLen + expected[b]) * c, c)));
  }
}

INSTANTIATE_TEST_SUITE_P(CPU, ElementwiseTest,
                         testing::ValuesIn(getRunnableCPUs()));
