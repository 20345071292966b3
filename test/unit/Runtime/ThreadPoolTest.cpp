// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread pool: each tile once, steps in order, many and few threads.

#include "ThreadPool.h"

#include "Error.h"

#include <chrono>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace qeff::runtime;

namespace {
// Plain memory, so that ThreadSanitizer sees a missing barrier.
struct Buffers {
  explicit Buffers(size_t size) : source(size), target(size) {}
  std::vector<int64_t> source;
  std::vector<int64_t> target;
};

/// target[t] = source[size - 1 - t] + 1: reads what other threads wrote in
/// the step before.
void reverse(void *const *operands, int64_t begin, int64_t end) {
  auto *source = static_cast<const int64_t *>(operands[0]);
  auto *target = static_cast<int64_t *>(operands[1]);
  int64_t size = *static_cast<const int64_t *>(operands[2]);
  for (int64_t t = begin; t < end; ++t) {
    target[t] = source[size - 1 - t] + 1;
  }
}

/// One tile: all of it.
void reverseAll(void *const *operands, int64_t begin, int64_t end) {
  EXPECT_EQ(begin, 0);
  EXPECT_EQ(end, 1);
  reverse(operands, 0, *static_cast<const int64_t *>(operands[2]));
}

void count(void *const *operands, int64_t begin, int64_t end) {
  *static_cast<std::atomic<int64_t> *>(operands[0]) += end - begin;
}

class ThreadPoolTest : public testing::TestWithParam<unsigned> {};
} // namespace

TEST_P(ThreadPoolTest, stepsAreOrdered) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.getNumThreads(), GetParam());
  // More threads than cores take a time slice each.
  size_t rounds = GetParam() <= 2 ? 300 : 10;
  for (int64_t size : {1, 2, 3, 64, 1000}) {
    Buffers buffers(size);
    void *there[] = {buffers.source.data(), buffers.target.data(), &size};
    void *back[] = {buffers.target.data(), buffers.source.data(), &size};
    std::vector<Step> steps;
    for (int i = 0; i < 4; ++i) {
      // Shared and lone steps in all neighbourhoods.
      steps.push_back({reverse, there, size});
      steps.push_back({reverse, back, size});
      steps.push_back({reverseAll, there, 1});
      steps.push_back({reverseAll, back, 1});
      steps.push_back({reverse, there, size});
      steps.push_back({reverseAll, back, 1});
    }
    for (size_t round = 1; round <= rounds; ++round) {
      pool.run(steps);
      for (int64_t value : buffers.source) {
        ASSERT_EQ(value, int64_t(24 * round));
      }
    }
  }
}

TEST_P(ThreadPoolTest, callersTakeTurns) {
  ThreadPool pool(GetParam());
  std::vector<std::thread> callers;
  std::atomic<int64_t> total{0};
  void *operands[] = {&total};
  std::vector<Step> steps(5, Step{count, operands, 7});
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        pool.run(steps);
      }
    });
  }
  for (std::thread &caller : callers) {
    caller.join();
  }
  EXPECT_EQ(total, 4 * 20 * 5 * 7);
}

TEST_P(ThreadPoolTest, wakesFromSleep) {
  ThreadPool pool(GetParam());
  std::atomic<int64_t> total{0};
  void *operands[] = {&total};
  std::vector<Step> steps(1, Step{count, operands, 9});
  for (int round = 1; round <= 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    pool.run(steps);
    EXPECT_EQ(total, 9 * round);
  }
}

TEST_P(ThreadPoolTest, noSteps) {
  ThreadPool pool(GetParam());
  for (int round = 0; round < 50; ++round) {
    pool.run({});
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest,
                         testing::Values(1, 2, 3, 8));

TEST(ThreadPool, timesSteps) {
  ThreadPool pool(2);
  auto sleep = [](void *const *, int64_t, int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  };
  std::vector<Step> steps{{sleep, nullptr, 1}, {sleep, nullptr, 2}};
  double seconds[2] = {0, 0};
  pool.run(steps, seconds);
  pool.run(steps, seconds);
  EXPECT_GE(seconds[0], 0.004);
  EXPECT_GE(seconds[1], 0.004);
}

#if defined(__x86_64__)
TEST(ThreadPool, flushesNoDenormals) {
  constexpr unsigned flush = 0x8040; // flush to zero, denormals are zero
  unsigned saved = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(saved | flush);
  static std::atomic<int> wrong;
  wrong = 0;
  auto check = [](void *const *, int64_t, int64_t) {
    wrong += (__builtin_ia32_stmxcsr() & flush) != 0;
  };
  ThreadPool pool(3);
  pool.run({{check, nullptr, 1}, {check, nullptr, 1000}});
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(__builtin_ia32_stmxcsr() & flush, flush);
  __builtin_ia32_ldmxcsr(saved);
}
#endif

TEST(ThreadPool, isSharedByCount) {
  auto two = ThreadPool::get(2);
  EXPECT_EQ(two, ThreadPool::get(2));
  EXPECT_NE(two, ThreadPool::get(3));
  EXPECT_GE(ThreadPool::get(0)->getNumThreads(), 1u);
}

TEST(ThreadPool, refusesTooManyThreads) {
  EXPECT_THROW(ThreadPool(5000), Error);
}

TEST(ThreadPool, refusesToRunAfterAFork) {
  auto pool = ThreadPool::get(2);
  pid_t child = ::fork();
  if (child == 0) {
    bool refused = false;
    try {
      pool->run({});
    } catch (const Error &) {
      refused = true;
    }
    // A pool of its own works.
    ThreadPool::get(2)->run({});
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}
