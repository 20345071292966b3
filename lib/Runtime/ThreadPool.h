// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads that walk a launch table together. All of them, the caller included,
// go through the same list of steps and meet at a barrier where a step needs
// one; between lists they spin for a moment, then sleep. A barrier costs a few
// hundred nanoseconds while every thread has a core of its own and degrades to
// yielding and sleeping when they have not.

#ifndef QEFF_LIB_RUNTIME_THREADPOOL_H
#define QEFF_LIB_RUNTIME_THREADPOOL_H

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace qeff::runtime {

/// A kernel call: kernel(operands, begin, end) over [0, tiles).
struct Step {
  using Kernel = void (*)(void *const *operands, int64_t begin, int64_t end);
  Kernel kernel;
  void *const *operands;
  int64_t tiles;
};

/// A 32-bit value that threads wait on: spinning, then yielding, then asleep.
class EventCount {
public:
  uint32_t load() const { return value.load(std::memory_order_acquire); }
  /// Adds one and wakes the sleepers.
  void advance();
  /// Returns once the value differs from `old`.
  void waitWhile(uint32_t old, unsigned spins, unsigned yields);

private:
  std::atomic<uint32_t> value{0};
  std::atomic<uint32_t> sleepers{0};
};

class ThreadPool {
public:
  /// `threads` of them, the caller of run() included; 0 takes one for each
  /// core that this process may use. Throws std::system_error.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// The pool of that many threads, shared by everyone who asks while someone
  /// holds it: two pools that spin would take the cores from each other.
  static std::shared_ptr<ThreadPool> get(unsigned threads);

  unsigned getNumThreads() const {
    return static_cast<unsigned>(workers.size()) + 1;
  }

  /// Runs the steps in order, each as a whole before the next. One call at a
  /// time; others wait. `seconds`, if given, receives each step's time added.
  void run(const std::vector<Step> &steps, double *seconds = nullptr);

private:
  struct Job {
    const std::vector<Step> *steps;
    double *seconds;
  };
  void work();
  void walk(const Job &job, bool isCaller);
  void runTiles(const Step &step);
  /// Waits for all threads; the last one to arrive makes tiles start at 0.
  void barrier();

  std::vector<std::thread> workers;
  std::mutex mutex;
  int process; ///< threads do not survive a fork
  Job job{};
  bool stopping = false;
  // Written by different threads at different times: one cache line each.
  alignas(64) EventCount jobs;
  alignas(64) EventCount phase;
  alignas(64) std::atomic<uint32_t> arrived{0};
  alignas(64) std::atomic<int64_t> nextTile{0};
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_THREADPOOL_H
