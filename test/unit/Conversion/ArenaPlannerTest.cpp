// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arena planner: buffers in use at one time never overlap.

#include "qeff/Conversion/QEffToHost/ArenaPlanner.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"

#include "gtest/gtest.h"

#include <random>

using namespace qeff;
using namespace qeff::host;

static int64_t getPeak(ArrayRef<Lifetime> lifetimes) {
  int64_t peak = 0;
  for (const Lifetime &at : lifetimes) {
    int64_t live = 0;
    for (const Lifetime &other : lifetimes) {
      if (other.begin <= at.begin && at.begin <= other.end) {
        live += alignBytes(other.bytes);
      }
    }
    peak = std::max(peak, live);
  }
  return peak;
}

static void check(ArrayRef<Lifetime> lifetimes) {
  std::optional<ArenaPlan> plan = planArena(lifetimes);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->offsets.size(), lifetimes.size());
  EXPECT_EQ(plan->bytes % kAlignment, 0);
  EXPECT_GE(plan->bytes, getPeak(lifetimes));
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    EXPECT_EQ(plan->offsets[i] % kAlignment, 0);
    EXPECT_GE(plan->offsets[i], 0);
    EXPECT_LE(plan->offsets[i] + lifetimes[i].bytes, plan->bytes);
    for (size_t j = 0; j < i; ++j) {
      bool meet = lifetimes[i].begin <= lifetimes[j].end &&
                  lifetimes[j].begin <= lifetimes[i].end;
      bool apart =
          plan->offsets[i] + lifetimes[i].bytes <= plan->offsets[j] ||
          plan->offsets[j] + lifetimes[j].bytes <= plan->offsets[i];
      EXPECT_TRUE(!meet || apart) << i << " and " << j;
    }
  }
  std::optional<ArenaPlan> again = planArena(lifetimes);
  EXPECT_EQ(again->offsets, plan->offsets);
}

TEST(ArenaPlanner, Empty) {
  std::optional<ArenaPlan> plan = planArena({});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->bytes, 0);
}

TEST(ArenaPlanner, ReusesWhatIsFree) {
  // A chain a → b → c → d needs two places.
  SmallVector<Lifetime> chain{{100, 0, 1}, {100, 1, 2}, {100, 2, 3}, {100, 3, 4}};
  check(chain);
  EXPECT_EQ(planArena(chain)->bytes, 256);
}

TEST(ArenaPlanner, TakesTheSmallestGap) {
  SmallVector<Lifetime> lifetimes{{256, 0, 0}, {64, 0, 9}, {64, 0, 0},
                                  {64, 0, 9},  {64, 1, 9}, {256, 1, 9}};
  check(lifetimes);
  std::optional<ArenaPlan> plan = planArena(lifetimes);
  EXPECT_EQ(plan->offsets[4], plan->offsets[2]);
  EXPECT_EQ(plan->offsets[5], plan->offsets[0]);
}

TEST(ArenaPlanner, GrowsTheGapAtTheEnd) {
  SmallVector<Lifetime> lifetimes{{64, 0, 9}, {64, 0, 0}, {256, 1, 9}};
  check(lifetimes);
  EXPECT_EQ(planArena(lifetimes)->bytes, 320);
}

TEST(ArenaPlanner, RefusesSizesThatDoNotFit) {
  int64_t huge = std::numeric_limits<int64_t>::max() / 2;
  EXPECT_FALSE(planArena({{huge, 0, 1}, {huge, 0, 1}, {huge, 0, 1}}));
  EXPECT_FALSE(planArena({{std::numeric_limits<int64_t>::max(), 0, 1}}));
  EXPECT_FALSE(planArena({{-1, 0, 1}}));
}

TEST(ArenaPlanner, RandomLifetimes) {
  std::mt19937 random(7);
  auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int round = 0; round < 300; ++round) {
    SmallVector<Lifetime> lifetimes;
    int64_t steps = draw(1, 60);
    for (int64_t i = 0, e = draw(1, 80); i < e; ++i) {
      int64_t begin = draw(0, steps);
      lifetimes.push_back(
          {draw(0, 1000), begin, begin + draw(0, draw(0, steps))});
    }
    check(lifetimes);
  }
}
