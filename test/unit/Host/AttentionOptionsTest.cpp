// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention over the keys of its own call against a softmax in double: padding,
// causal or not, windows, soft caps, slopes, sinks, biases; and the same bits
// however the row is padded and whatever the hidden keys hold.

#include "KernelProgram.h"

#include <cmath>

using namespace qeff;
using namespace qeff::host;
using namespace qeff::host::test;

namespace {
struct Case {
  AttentionShape shape;
  AttentionOptions options;
};

AttentionOptions makeOptions(bool causal, int64_t window = 0,
                             double softcap = 0) {
  AttentionOptions options;
  options.cached = false;
  options.causal = causal;
  options.window = window;
  options.softcap = softcap;
  return options;
}

/// One call: its operands and what the definition says.
struct Call {
  AttentionShape shape;
  AttentionOptions options;
  std::vector<float> q, k, v, packed, slopes, sinks, bias, out;
  std::vector<int64_t> pos, keyPos;

  std::vector<void *> getOperands() {
    std::vector<void *> operands{q.data(), packed.data(), v.data(),
                                 pos.data(), keyPos.data()};
    if (options.slopes) {
      operands.push_back(slopes.data());
    }
    if (options.sinks) {
      operands.push_back(sinks.data());
    }
    if (options.biasBatch > 0) {
      operands.push_back(bias.data());
    }
    operands.push_back(out.data());
    return operands;
  }

  bool isVisible(int64_t b, int64_t s, int64_t j) const {
    int64_t key = keyPos[b * shape.slots + j];
    int64_t query = pos[b * shape.seqLen + s];
    return key >= 0 && (!options.causal || key <= query) &&
           (options.window == 0 || query - key < options.window);
  }

  double getScore(int64_t b, int64_t s, int64_t h, int64_t j) const {
    int64_t g = h / (shape.heads / shape.groups);
    double score = 0;
    for (int64_t d = 0; d < shape.headDim; ++d) {
      score +=
          double(q[((b * shape.seqLen + s) * shape.heads + h) * shape.headDim +
                   d]) *
          k[((b * shape.slots + j) * shape.groups + g) * shape.headDim + d];
    }
    score *= options.scale;
    if (options.softcap > 0) {
      score = options.softcap * std::tanh(score / options.softcap);
    }
    if (options.slopes) {
      score += slopes[h] * double(keyPos[b * shape.slots + j] -
                                  pos[b * shape.seqLen + s]);
    }
    if (options.biasBatch > 0) {
      int64_t row = options.biasBatch == 1 ? 0 : b;
      int64_t head = options.biasHeads == 1 ? 0 : h;
      score += bias[((row * options.biasHeads + head) * shape.seqLen + s) *
                        shape.slots +
                    j];
    }
    return score;
  }

  double compute(int64_t b, int64_t s, int64_t h, int64_t e) const {
    int64_t g = h / (shape.heads / shape.groups);
    double sum = 0, total = options.sinks ? std::exp(double(sinks[h])) : 0;
    for (int64_t j = 0; j < shape.slots; ++j) {
      if (isVisible(b, s, j)) {
        double p = std::exp(getScore(b, s, h, j));
        total += p;
        sum += p * v[((b * shape.slots + j) * shape.groups + g) *
                         shape.valueDim +
                     e];
      }
    }
    return total > 0 ? sum / total : 0;
  }
};

class AttentionOptionsTest : public KernelTest {
protected:
  Call makeCall(const Case &c) {
    const AttentionShape &s = c.shape;
    Call call{s, c.options, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    call.q = random(s.batch * s.seqLen * s.heads * s.headDim);
    call.k = random(s.batch * s.slots * s.groups * s.headDim);
    call.v = random(s.batch * s.slots * s.groups * s.valueDim);
    call.packed.assign(
        s.batch * s.groups * ((s.slots + 15) / 16 * 16) * s.headDim, NAN);
    call.slopes = random(s.heads, 0.1f);
    call.sinks = random(s.heads);
    call.bias = random(c.options.biasBatch * c.options.biasHeads * s.seqLen *
                       s.slots);
    call.out.assign(s.batch * s.seqLen * s.heads * s.valueDim, NAN);
    // Keys are padded in front or behind or not at all, by batch row.
    for (int64_t b = 0; b < s.batch; ++b) {
      for (int64_t j = 0; j < s.slots; ++j) {
        bool isPadding = b % 3 == 1 ? j < s.slots / 3
                                    : b % 3 == 2 && j >= s.slots / 2;
        call.keyPos.push_back(isPadding ? -1 : j);
      }
      for (int64_t i = 0; i < s.seqLen; ++i) {
        call.pos.push_back(s.slots - s.seqLen + i);
      }
    }
    return call;
  }
};
} // namespace

static std::vector<Case> getCases() {
  std::vector<Case> cases{
      {{3, 40, 4, 2, 16, 16, 40}, makeOptions(false)},
      {{3, 7, 5, 5, 20, 24, 7}, makeOptions(false)},
      {{3, 33, 4, 1, 8, 8, 33}, makeOptions(true)},
      {{3, 50, 6, 2, 16, 20, 50}, makeOptions(true, 9)},
      {{3, 48, 4, 4, 16, 16, 48}, makeOptions(false, 0, 2.0)},
      {{2, 5, 4, 2, 16, 16, 37}, makeOptions(true, 20, 5.0)},
      {{3, 20, 4, 2, 16, 16, 20}, makeOptions(false)},
      {{3, 32, 4, 2, 16, 16, 32}, makeOptions(true)},
      {{3, 19, 4, 2, 8, 8, 19}, makeOptions(false)}};
  for (Case &c : cases) {
    c.options.scale = 1 / std::sqrt(double(c.shape.headDim));
  }
  cases[6].options.slopes = true;
  cases[6].options.biasBatch = 1, cases[6].options.biasHeads = 4;
  cases[7].options.sinks = true;
  cases[7].options.biasBatch = 3, cases[7].options.biasHeads = 1;
  cases[8].options.sinks = true;
  return cases;
}

TEST_P(AttentionOptionsTest, MatchesDouble) {
  for (const Case &c : getCases()) {
    const AttentionShape &s = c.shape;
    KernelProgram program(GetParam());
    program.add(
        program.kernels().packKeys(s.batch, s.slots, s.groups, s.headDim));
    program.add(program.kernels().attention(s, c.options));
    ASSERT_NO_FATAL_FAILURE(program.load());
    Call call = makeCall(c);
    program.run(0, {call.k.data(), call.packed.data()}, 2);
    program.run(1, call.getOperands(), 3);
    for (int64_t b = 0; b < s.batch; ++b) {
      for (int64_t i = 0; i < s.seqLen; ++i) {
        for (int64_t h = 0; h < s.heads; ++h) {
          for (int64_t e = 0; e < s.valueDim; ++e) {
            size_t at =
                ((b * s.seqLen + i) * s.heads + h) * s.valueDim + e;
            ASSERT_NEAR(call.out[at], call.compute(b, i, h, e), 4e-6)
                << "row " << b << " query " << i << " head " << h;
          }
        }
      }
    }
  }
}

TEST_P(AttentionOptionsTest, PaddingChangesNoBits) {
  const int64_t length = 21, padded = 52;
  for (bool causal : {false, true}) {
    Case shortCase{{1, length, 4, 2, 16, 16, length}, makeOptions(causal)};
    Case longCase{{1, padded, 4, 2, 16, 16, padded}, makeOptions(causal)};
    KernelProgram program(GetParam());
    for (const Case &c : {shortCase, longCase}) {
      program.add(program.kernels().packKeys(1, c.shape.slots, 2, 16));
      program.add(program.kernels().attention(c.shape, c.options));
    }
    ASSERT_NO_FATAL_FAILURE(program.load());
    Call brief = makeCall(shortCase), wide = makeCall(longCase);
    std::fill(wide.k.begin(), wide.k.end(), NAN);
    std::fill(wide.v.begin(), wide.v.end(), NAN);
    llvm::copy(brief.q, wide.q.begin());
    llvm::copy(brief.k, wide.k.begin());
    llvm::copy(brief.v, wide.v.begin());
    std::fill(wide.keyPos.begin() + length, wide.keyPos.end(), -1);
    program.run(0, {brief.k.data(), brief.packed.data()});
    program.run(1, brief.getOperands());
    program.run(2, {wide.k.data(), wide.packed.data()}, 2);
    program.run(3, wide.getOperands(), 3);
    EXPECT_TRUE(sameBits(brief.out,
                         ArrayRef(wide.out).take_front(brief.out.size())));
  }
}

INSTANTIATE_TEST_SUITE_P(CPU, AttentionOptionsTest,
                         testing::ValuesIn(getRunnableCPUs()));
