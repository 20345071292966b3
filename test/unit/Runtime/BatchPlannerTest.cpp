// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The step logic alone: chunks, padding, the shifted last chunk, endings.

#include "BatchPlanner.h"
#include "FakePackage.h"

#include <gtest/gtest.h>

using namespace qeff::runtime;
using namespace qeff::runtime::test;
using Ids = std::vector<int64_t>;

namespace {
constexpr BatchShape shape{/*batchSize=*/3, /*prefillLen=*/4, /*decodeLen=*/1,
                           /*ctxLen=*/10};

Ids iota(size_t size) {
  Ids ids;
  for (size_t i = 0; i < size; ++i) {
    ids.push_back(int64_t(i) + 1);
  }
  return ids;
}
} // namespace

TEST(BatchPlanner, rowsOfDifferentLengthsEndInDifferentChunks) {
  BatchPlanner planner(shape, {iota(2), iota(6)}, 2, {});
  PlannedCall call;
  ASSERT_TRUE(planner.next(call));
  EXPECT_TRUE(call.isPrompt);
  EXPECT_TRUE(call.usesPrefill);
  EXPECT_EQ(call.seqLen, 4);
  EXPECT_EQ(call.numTokens, 6u);
  EXPECT_EQ(call.ids, (Ids{1, 2, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0}));
  EXPECT_EQ(call.positions,
            (Ids{0, 1, -1, -1, 0, 1, 2, 3, -1, -1, -1, -1}));
  EXPECT_EQ(call.rows, (std::vector<size_t>{0}));
  planner.accept(0, 70);

  // Row 0 waits as padding.
  ASSERT_TRUE(planner.next(call));
  EXPECT_TRUE(call.isPrompt);
  EXPECT_EQ(call.ids, (Ids{0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(call.positions,
            (Ids{-1, -1, -1, -1, 4, 5, -1, -1, -1, -1, -1, -1}));
  EXPECT_EQ(call.rows, (std::vector<size_t>{1}));
  planner.accept(1, 80);

  ASSERT_TRUE(planner.next(call));
  EXPECT_FALSE(call.isPrompt);
  EXPECT_FALSE(call.usesPrefill);
  EXPECT_EQ(call.ids, (Ids{70, 80, 0}));
  EXPECT_EQ(call.positions, (Ids{2, 6, -1}));
  EXPECT_EQ(call.rows, (std::vector<size_t>{0, 1}));
  planner.accept(0, 71);
  planner.accept(1, 81);
  EXPECT_FALSE(planner.next(call));
  EXPECT_EQ(planner.getGenerated(0), (Ids{70, 71}));
  EXPECT_EQ(planner.getGenerated(1), (Ids{80, 81}));
  EXPECT_EQ(planner.getFinish(0), Finish::Length);
}

TEST(BatchPlanner, lastTokenOfAPromptUsesTheShortFunction) {
  BatchPlanner planner(shape, {iota(5)}, 1, {});
  PlannedCall call;
  ASSERT_TRUE(planner.next(call));
  EXPECT_TRUE(call.rows.empty());
  ASSERT_TRUE(planner.next(call));
  EXPECT_TRUE(call.isPrompt);
  EXPECT_FALSE(call.usesPrefill);
  EXPECT_EQ(call.positions, (Ids{4, -1, -1}));
  EXPECT_EQ(call.rows, (std::vector<size_t>{0}));
}

TEST(BatchPlanner, fullContextShiftsTheLastChunkBack) {
  BatchPlanner planner(shape, {iota(10)}, 5, {});
  PlannedCall call;
  ASSERT_TRUE(planner.next(call));
  ASSERT_TRUE(planner.next(call));
  ASSERT_TRUE(planner.next(call));
  EXPECT_EQ(Ids(call.ids.begin(), call.ids.begin() + 4), (Ids{7, 8, 9, 10}));
  EXPECT_EQ(Ids(call.positions.begin(), call.positions.begin() + 4),
            (Ids{6, 7, 8, 9}));
  EXPECT_EQ(call.numTokens, 2u);
  planner.accept(0, 50);
  EXPECT_FALSE(planner.next(call));
  EXPECT_EQ(planner.getFinish(0), Finish::Context);
  EXPECT_EQ(planner.getGenerated(0), (Ids{50}));
}

TEST(BatchPlanner, stopTokenIsIncluded) {
  BatchPlanner planner(shape, {iota(1), iota(1)}, 100, {7, 8});
  PlannedCall call;
  ASSERT_TRUE(planner.next(call));
  planner.accept(0, 8);
  planner.accept(1, 9);
  ASSERT_TRUE(planner.next(call));
  EXPECT_EQ(call.positions, (Ids{-1, 1, -1}));
  planner.accept(1, 7);
  EXPECT_FALSE(planner.next(call));
  EXPECT_EQ(planner.getGenerated(0), (Ids{8}));
  EXPECT_EQ(planner.getGenerated(1), (Ids{9, 7}));
  EXPECT_EQ(planner.getFinish(1), Finish::Stop);
}

TEST(BatchPlanner, cancelEndsTheRest) {
  BatchPlanner planner(shape, {iota(1), iota(1)}, 100, {7});
  PlannedCall call;
  ASSERT_TRUE(planner.next(call));
  planner.accept(0, 7);
  planner.accept(1, 9);
  planner.cancel();
  EXPECT_FALSE(planner.next(call));
  EXPECT_EQ(planner.getFinish(0), Finish::Stop);
  EXPECT_EQ(planner.getFinish(1), Finish::Canceled);
}

// Every combination of lengths: positions are written once each and in order
// (but for the shifted chunk), the last slot never together with padding, and
// a row gives a token exactly when all of its history is written.
TEST(BatchPlanner, invariants) {
  constexpr int64_t seqLens[][2] = {{4, 1}, {1, 1}, {4, 4}, {10, 1}, {7, 3}};
  for (auto [prefillLen, decodeLen] : seqLens) {
    for (size_t first = 1; first <= 10; ++first) {
      for (size_t second = 1; second <= 10; ++second) {
        BatchPlanner planner({3, prefillLen, decodeLen, 10},
                             {iota(first), iota(second)}, 100, {});
        std::vector<Ids> history{iota(first), iota(second)};
        std::vector<std::vector<bool>> written(2, std::vector<bool>(10));
        PlannedCall call;
        size_t calls = 0;
        while (planner.next(call)) {
          ASSERT_LT(++calls, 100u);
          ASSERT_EQ(call.ids.size(), size_t(3 * call.seqLen));
          for (size_t i = 0; i < call.ids.size(); ++i) {
            size_t row = i / call.seqLen;
            int64_t position = call.positions[i];
            if (position == -1) {
              ASSERT_EQ(call.ids[i], 0);
              continue;
            }
            ASSERT_LT(row, 2u);
            ASSERT_EQ(call.ids[i], history[row][position]);
            ASSERT_TRUE(position == 0 || written[row][position - 1]);
            written[row][position] = true;
            if (position == 9) {
              for (int64_t s = 0; s < call.seqLen; ++s) {
                ASSERT_NE(call.positions[row * call.seqLen + s], -1);
              }
            }
          }
          for (size_t row : call.rows) {
            for (size_t p = 0; p < history[row].size(); ++p) {
              ASSERT_TRUE(written[row][p]);
            }
            history[row].push_back(40 + int64_t(calls));
            planner.accept(row, history[row].back());
          }
        }
        // Ten slots, and the token that has none.
        EXPECT_EQ(history[0].size(), 11u);
        EXPECT_EQ(history[1].size(), 11u);
      }
    }
  }
}
