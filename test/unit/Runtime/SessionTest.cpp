// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sessions: state, inputs and outputs in place, binding, checks, traces.

#include "Session.h"

#include "Error.h"
#include "FakePackage.h"
#include "Generation.h"

#include <cstring>
#include <gtest/gtest.h>
#include <thread>

using namespace qeff::runtime;
using namespace qeff::runtime::test;

namespace {
class SessionTest : public testing::Test {
protected:
  std::shared_ptr<Model> model =
      std::make_shared<Model>(getFakePackage(), 2);
  Session session{model};

  int64_t *getIds(const char *name, Session *other = nullptr) {
    Session &owner = other ? *other : session;
    return reinterpret_cast<int64_t *>(owner.getTensor("decode", name).data);
  }

  /// One token of row 0 at `position`, the other rows padded.
  int64_t decode(int64_t token, int64_t position, Session *other = nullptr) {
    int64_t *ids = getIds("input_ids", other);
    int64_t *positions = getIds("position_ids", other);
    for (int row = 0; row < FAKE_BATCH; ++row) {
      ids[row] = row == 0 ? token : 0;
      positions[row] = row == 0 ? position : -1;
    }
    Session &owner = other ? *other : session;
    owner.run("decode");
    return argmax(reinterpret_cast<float *>(
                      owner.getTensor("decode", "logits").data),
                  FAKE_VOCAB);
  }

  template <typename Fn> std::string getError(Fn fn) {
    try {
      fn();
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }
};
} // namespace

TEST_F(SessionTest, stateIsRetainedAndReset) {
  EXPECT_EQ(decode(5, 0), getNextToken({5}));
  EXPECT_EQ(decode(9, 1), getNextToken({5, 9}));
  auto *state =
      reinterpret_cast<float *>(session.getState("past_key.0").data);
  EXPECT_EQ(session.getState("past_key.0").bytes, uint64_t(FAKE_STATE_BYTES));
  EXPECT_NE(state[0], 0);
  EXPECT_NE(state[1], 0);
  EXPECT_EQ(state[2], 0);
  session.reset();
  EXPECT_EQ(state[0], 0);
  EXPECT_EQ(decode(9, 0), getNextToken({9}));
}

TEST_F(SessionTest, sessionsShareNothingButTheModel) {
  Session other(model);
  decode(5, 0);
  decode(6, 0, &other);
  EXPECT_EQ(decode(9, 1), getNextToken({5, 9}));
  EXPECT_EQ(decode(9, 1, &other), getNextToken({6, 9}));
}

TEST_F(SessionTest, sessionsOnThreads) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Session own(model);
      std::vector<int64_t> history;
      for (int i = 0; i < 20; ++i) {
        history.push_back((t * 7 + i) % FAKE_VOCAB);
        wrong[t] += decode(history.back(), i, &own) != getNextToken(history);
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST_F(SessionTest, outlivesTheModel) {
  model.reset();
  EXPECT_EQ(decode(5, 0), getNextToken({5}));
}

TEST_F(SessionTest, bind) {
  alignas(64) float logits[FAKE_BATCH * FAKE_VOCAB];
  alignas(64) int64_t ids[8] = {5};
  session.bind("decode", "logits", logits, sizeof(logits));
  session.bind("decode", "input_ids", ids, FAKE_BATCH * 8);
  EXPECT_EQ(session.getTensor("decode", "logits").data,
            reinterpret_cast<std::byte *>(logits));
  getIds("position_ids")[1] = getIds("position_ids")[2] = -1;
  session.run("decode");
  EXPECT_EQ(argmax(logits, FAKE_VOCAB), getNextToken({5}));

  std::memset(logits, 0, sizeof(logits));
  session.bind("decode", "logits", nullptr, 0);
  session.bind("decode", "input_ids", nullptr, 0);
  EXPECT_EQ(decode(7, 0), getNextToken({7}));
  EXPECT_EQ(logits[getNextToken({7})], 0);

  EXPECT_EQ(getError([&] { session.bind("decode", "logits", logits, 8); }),
            "expects 1164 bytes for 'logits', got 8");
  EXPECT_EQ(getError([&] {
              session.bind("decode", "logits", logits + 1, sizeof(logits));
            }),
            "expects 64-byte aligned memory for 'logits'");
}

TEST_F(SessionTest, names) {
  EXPECT_EQ(getError([&] { session.run("verify"); }),
            "expects a function of the package ('prefill', 'decode'), got "
            "'verify'");
  EXPECT_EQ(getError([&] { session.getTensor("decode", "mask"); }),
            "expects an input or output of 'decode', got 'mask'");
  EXPECT_EQ(getError([&] { session.getState("past_value.0"); }),
            "expects a state of the package, got 'past_value.0'");
}

TEST_F(SessionTest, valuesAreChecked) {
  EXPECT_EQ(getError([&] { decode(FAKE_VOCAB, 0); }),
            "input_ids[0] of 'decode': expects a value in [0, 97), got 97");
  EXPECT_EQ(getError([&] { decode(-1, 0); }),
            "input_ids[0] of 'decode': expects a value in [0, 97), got -1");
  EXPECT_EQ(getError([&] { decode(1, FAKE_CTX); }),
            "position_ids[0] of 'decode': expects a value in [-1, 40), got "
            "40");
  EXPECT_EQ(getError([&] { decode(1, -2); }),
            "position_ids[0] of 'decode': expects a value in [-1, 40), got "
            "-2");
}

TEST_F(SessionTest, trace) {
  EXPECT_EQ(session.getNumTraceEntries(), 0u);
  session.setTrace(true);
  decode(1, 0);
  decode(2, 1);
  ASSERT_EQ(session.getNumTraceEntries(), 8u);
  EXPECT_EQ(session.getTraceEntry(0).calls, 0u);
  Session::TraceEntry head = session.getTraceEntry(7);
  EXPECT_STREQ(head.function->name, "decode");
  EXPECT_STREQ(head.launch->scope, "lm_head");
  EXPECT_EQ(head.calls, 2u);
  EXPECT_GT(head.seconds, 0);
  session.setTrace(false);
  decode(3, 2);
  EXPECT_EQ(session.getTraceEntry(7).calls, 2u);
}
