// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generation with the toy program, whose tokens depend on all of the history.

#include "Generation.h"

#include "Error.h"
#include "FakePackage.h"
#include "Session.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <set>

using namespace qeff::runtime;
using namespace qeff::runtime::test;
using Ids = std::vector<int64_t>;

namespace {
class GenerationTest : public testing::TestWithParam<const char *> {
protected:
  Generation run(const std::vector<Ids> &prompts, uint64_t maxNewTokens = 12,
                 unsigned threads = 2) {
    Session session(std::make_shared<Model>(
        getFakePackage(GetParam()), threads));
    options.max_new_tokens = maxNewTokens;
    return generate(session, prompts, options);
  }

  QeffGenerateOptions options{};
};

std::string getError(const std::function<void()> &fn) {
  try {
    fn();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}
} // namespace

TEST_P(GenerationTest, everyPromptLength) {
  for (size_t size = 1; size <= FAKE_CTX; ++size) {
    Ids prompt = makePrompt(size);
    Generation result = run({prompt});
    EXPECT_EQ(result.rows[0].tokens, continueGreedily(prompt, 12))
        << "prompt of " << size;
    EXPECT_EQ(result.metrics.prompt_tokens, size);
    EXPECT_EQ(result.metrics.generated_tokens, result.rows[0].tokens.size());
  }
}

TEST_P(GenerationTest, progress) {
  struct Step {
    std::string stage;
    uint64_t done;
    uint64_t total;
  };
  std::vector<Step> steps;
  options.user = &steps;
  options.on_progress = [](void *user, const char *stage, uint64_t done,
                           uint64_t total) {
    static_cast<std::vector<Step> *>(user)->push_back({stage, done, total});
    return true;
  };
  // More rows than the batch size, one of which fills its context.
  run({makePrompt(35), makePrompt(3), makePrompt(39), makePrompt(9)}, 5);
  uint64_t prefilled = 0, generated = 0;
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(steps.front().stage, "prefill");
  EXPECT_LT(steps.front().done, steps.front().total);
  for (const Step &step : steps) {
    uint64_t &last = step.stage == "prefill" ? prefilled : generated;
    EXPECT_GE(step.done, last);
    EXPECT_EQ(step.total, step.stage == "prefill" ? 35u + 3 + 39 + 9
                                                  : 5u + 5 + 2 + 5);
    last = step.done;
  }
  EXPECT_EQ(prefilled, 86u);
  EXPECT_EQ(generated, 17u);
}

TEST_P(GenerationTest, progressEndsIt) {
  options.on_progress = [](void *, const char *, uint64_t, uint64_t) {
    return false;
  };
  Generation result = run({makePrompt(35)}, 5);
  EXPECT_EQ(result.rows[0].finish, Finish::Canceled);
  EXPECT_TRUE(result.rows[0].tokens.empty());
}

TEST_P(GenerationTest, rowsOfDifferentLengthsAndGroups) {
  std::vector<Ids> prompts;
  for (size_t size : {7, 40, 1, 16, 17, 33, 39, 2}) {
    prompts.push_back(makePrompt(size, int64_t(size)));
  }
  for (unsigned threads : {1u, 2u, 5u}) {
    Generation result = run(prompts, 9, threads);
    ASSERT_EQ(result.rows.size(), prompts.size());
    for (size_t row = 0; row < prompts.size(); ++row) {
      EXPECT_EQ(result.rows[row].tokens, continueGreedily(prompts[row], 9))
          << "row " << row << ", " << threads << " threads";
    }
  }
}

TEST_P(GenerationTest, untilTheContextIsFull) {
  Ids prompt = makePrompt(7);
  Generation result = run({prompt, makePrompt(40), makePrompt(38)}, 1000);
  EXPECT_EQ(result.rows[0].tokens, continueGreedily(prompt, 1000));
  EXPECT_EQ(result.rows[0].tokens.size(), size_t(FAKE_CTX - 7 + 1));
  EXPECT_EQ(result.rows[0].finish, Finish::Context);
  // The test could not fail if the toy repeated itself.
  std::set<int64_t> distinct(result.rows[0].tokens.begin(),
                             result.rows[0].tokens.end());
  EXPECT_GE(distinct.size(), 20u);
  EXPECT_EQ(result.rows[1].tokens.size(), 1u);
  EXPECT_EQ(result.rows[2].tokens, continueGreedily(makePrompt(38), 1000));
}

TEST_P(GenerationTest, stopToken) {
  Ids prompt = makePrompt(5);
  Ids expected = continueGreedily(prompt, 10);
  int64_t stop = expected[4];
  size_t first = std::find(expected.begin(), expected.end(), stop) -
                 expected.begin();
  expected.resize(first + 1);
  options.stop_tokens = &stop;
  options.num_stop_tokens = 1;
  Generation result = run({prompt}, 10);
  EXPECT_EQ(result.rows[0].tokens, expected);
  EXPECT_EQ(result.rows[0].finish, Finish::Stop);
}

TEST_P(GenerationTest, callbacksSeeTokensAndChooseThem) {
  struct Seen {
    std::vector<Ids> tokens{4};
    std::vector<Ids> greedy{4};
    uint64_t chosen = 0;
  } seen;
  options.user = &seen;
  options.on_token = [](void *user, uint64_t row, int64_t token) {
    static_cast<Seen *>(user)->tokens[row].push_back(token);
    return true;
  };
  // Teacher forcing: row r is continued with r, r + 1, ...
  options.choose = [](void *user, uint64_t row, const float *logits,
                      uint64_t size) {
    auto *seen = static_cast<Seen *>(user);
    Ids &greedy = seen->greedy[row];
    greedy.push_back(argmax(logits, size));
    return int64_t(row + greedy.size() - 1);
  };
  std::vector<Ids> prompts;
  for (size_t row = 0; row < 4; ++row) {
    prompts.push_back(makePrompt(3 + 9 * row));
  }
  Generation result = run(prompts, 6);
  for (size_t row = 0; row < 4; ++row) {
    Ids history = prompts[row];
    for (int64_t i = 0; i < 6; ++i) {
      EXPECT_EQ(seen.greedy[row][i], getNextToken(history));
      history.push_back(int64_t(row) + i);
      EXPECT_EQ(seen.tokens[row][i], int64_t(row) + i);
    }
    EXPECT_EQ(result.rows[row].tokens, seen.tokens[row]);
  }
}

TEST_P(GenerationTest, cancel) {
  uint64_t count = 0;
  options.user = &count;
  options.on_token = [](void *user, uint64_t, int64_t) {
    return ++*static_cast<uint64_t *>(user) < 3;
  };
  Generation result = run({makePrompt(3), makePrompt(4), makePrompt(5),
                           makePrompt(6)},
                          50);
  EXPECT_EQ(result.rows[0].tokens.size(), 1u);
  EXPECT_EQ(result.rows[0].finish, Finish::Canceled);
  EXPECT_TRUE(result.rows[3].tokens.empty());
  EXPECT_EQ(result.rows[3].finish, Finish::Canceled);
}

TEST_P(GenerationTest, refusesBadInput) {
  EXPECT_EQ(getError([&] { run({}); }), "expects at least 1 prompt, got 0");
  EXPECT_EQ(getError([&] { run({{1}, {}}); }),
            "prompt 1: expects 1 to 40 tokens (ctx_len), got 0");
  EXPECT_EQ(getError([&] { run({makePrompt(41)}); }),
            "prompt 0: expects 1 to 40 tokens (ctx_len), got 41");
  EXPECT_EQ(getError([&] { run({{1, 97}}); }),
            "prompt 0, token 1: expects an id in [0, 97), got 97");
  EXPECT_EQ(getError([&] { run({{-1}}); }),
            "prompt 0, token 0: expects an id in [0, 97), got -1");
  EXPECT_EQ(getError([&] { run({{1}}, 0); }),
            "max_new_tokens: expects at least 1, got 0");
  options.choose = [](void *, uint64_t, const float *, uint64_t) {
    return int64_t(97);
  };
  EXPECT_EQ(getError([&] { run({{1}}); }),
            "expects a token in [-1, 97) to be chosen, got 97");
}

INSTANTIATE_TEST_SUITE_P(Padding, GenerationTest,
                         testing::Values("dropped", "last-slot"));

TEST(Argmax, firstOfEqualsAndNaN) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  float inf = std::numeric_limits<float>::infinity();
  std::vector<float> values(200, -5);
  EXPECT_EQ(argmax(values.data(), values.size()), 0);
  values[130] = values[70] = 3;
  EXPECT_EQ(argmax(values.data(), values.size()), 70);
  values[0] = nan;
  values[199] = inf;
  EXPECT_EQ(argmax(values.data(), values.size()), 199);
  values.assign(200, nan);
  EXPECT_EQ(argmax(values.data(), values.size()), -1);
  values[150] = -inf;
  EXPECT_EQ(argmax(values.data(), values.size()), 150);
}
