// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// linear and embedding against sums in double, and row invariance.

#include "KernelProgram.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>

using namespace qeff;
using namespace qeff::host;
using namespace qeff::host::test;

namespace {
/// Weights [N, K] in a storage type, as bytes in panels or rows, and the f32
/// values they stand for.
struct Weights {
  std::vector<float> values;
  std::vector<char> panels, rows;

  Weights(ArrayRef<float> source, int64_t n, int64_t k, StringRef type)
      : values(source.begin(), source.end()) {
    const llvm::fltSemantics &semantics =
        type == "f16"    ? llvm::APFloat::IEEEhalf()
        : type == "bf16" ? llvm::APFloat::BFloat()
                         : llvm::APFloat::IEEEsingle();
    size_t size = type == "f32" ? 4 : 2;
    int64_t numPanels = (n + 31) / 32;
    panels.assign(numPanels * k * 32 * size, 0);
    rows.assign(n * k * size, 0);
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < k; ++j) {
        llvm::APFloat number(values[i * k + j]);
        bool lost;
        number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &lost);
        uint64_t bits = number.bitcastToAPInt().getZExtValue();
        std::memcpy(&panels[((i / 32 * k + j) * 32 + i % 32) * size], &bits,
                    size);
        std::memcpy(&rows[(i * k + j) * size], &bits, size);
        number.convert(llvm::APFloat::IEEEsingle(),
                       llvm::APFloat::rmNearestTiesToEven, &lost);
        values[i * k + j] = number.convertToFloat();
      }
    }
  }
};

class LinearTest : public KernelTest {};
} // namespace

TEST_P(LinearTest, MatchesDouble) {
  struct Shape {
    int64_t n, k;
  };
  const Shape shapes[] = {{32, 16}, {96, 40}, {20, 7},  {49, 33},
                          {1, 1},   {128, 65}, {80, 64}, {100, 129}};
  const int64_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 13, 32};
  for (StringRef type : {"f32", "f16", "bf16"}) {
    KernelProgram program(GetParam());
    for (Shape shape : shapes) {
      for (int64_t m : rows) {
        for (bool bias : {false, true}) {
          program.add(program.kernels().linear(m, shape.n, shape.k,
                                               program.type(type), bias));
        }
      }
    }
    ASSERT_NO_FATAL_FAILURE(program.load());
    size_t index = 0;
    for (auto [n, k] : shapes) {
      Weights w(random(n * k), n, k, type);
      std::vector<float> bias = random(n), all = random(32 * k);
      std::vector<float> alone[2];
      for (int64_t m : rows) {
        for (bool hasBias : {false, true}) {
          std::vector<float> x(all.end() - m * k, all.end());
          std::vector<float> out(m * n + 1, -7.0f);
          std::vector<void *> operands{x.data(), w.panels.data()};
          if (hasBias) {
            operands.push_back(bias.data());
          }
          operands.push_back(out.data());
          program.run(index, operands);
          EXPECT_EQ(out.back(), -7.0f);
          for (int64_t i = 0; i < m; ++i) {
            for (int64_t j = 0; j < n; ++j) {
              double sum = 0, size = 0;
              for (int64_t l = 0; l < k; ++l) {
                double term = double(x[i * k + l]) * w.values[j * k + l];
                sum += term, size += std::fabs(term);
              }
              sum += hasBias ? bias[j] : 0;
              ASSERT_NEAR(out[i * n + j], sum,
                          (size + 1) * 6e-8 * std::sqrt(k + 4.0))
                  << type.str() << " " << m << "x" << n << "x" << k;
            }
          }
          // The last row, in every company, and with tiles split.
          std::vector<float> last(out.end() - 1 - n, out.end() - 1);
          if (m == 1) {
            alone[hasBias] = last;
          }
          EXPECT_TRUE(sameBits(last, alone[hasBias])) << type.str() << m;
          std::vector<float> again(m * n + 1, -7.0f);
          operands.back() = again.data();
          program.run(index, operands, 3);
          EXPECT_TRUE(sameBits(out, again));
          ++index;
        }
      }
    }
  }
}

TEST_P(LinearTest, EmbeddingPicksRows) {
  const int64_t vocab = 70, c = 37, m = 6;
  int64_t ids[] = {0, 69, 31, 32, -1, 70};
  int64_t expected[] = {0, 69, 31, 32, 0, 69};
  for (StringRef type : {"f32", "f16", "bf16"}) {
    KernelProgram program(GetParam());
    for (TableLayout layout : {TableLayout::Rows, TableLayout::Panels}) {
      program.add(program.kernels().embedding(m, vocab, c, program.type(type),
                                              layout));
    }
    ASSERT_NO_FATAL_FAILURE(program.load());
    std::vector<float> source = random(vocab * c, 1e-3f);
    source[0] = INFINITY, source[1] = -INFINITY, source[2] = 3e-8f;
    source[3] = -0.0f, source[4] = 65504.0f;
    Weights table(source, vocab, c, type);
    for (size_t layout : {0, 1}) {
      std::vector<float> out(m * c);
      program.run(layout, {ids,
                           layout ? table.panels.data() : table.rows.data(),
                           out.data()},
                  2);
      for (int64_t i = 0; i < m; ++i) {
        EXPECT_TRUE(sameBits(ArrayRef(out).slice(i * c, c),
                             ArrayRef(table.values)
                                 .slice(expected[i] * c, c)))
            << type.str() << " row " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(CPU, LinearTest,
                         testing::ValuesIn(getRunnableCPUs()));
