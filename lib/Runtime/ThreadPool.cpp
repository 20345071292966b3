// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread pool: one walk over the steps by all threads.

#include "ThreadPool.h"

#include "Error.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <linux/futex.h>
#include <map>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace qeff::runtime;

namespace {
// A pause takes about 40 ns: a worker stays awake for some 80 us between
// runs, a barrier spins for 40 us, long against a launch, short against a
// time slice.
constexpr unsigned idleSpins = 2000;
constexpr unsigned barrierSpins = 1000;
constexpr unsigned maxYields = 16;
constexpr unsigned maxThreads = 1024;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

void futex(std::atomic<uint32_t> &word, int op, uint32_t value) {
  static_assert(sizeof(word) == sizeof(uint32_t));
  // A spurious return is fine: the caller looks at the word again.
  (void)::syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word),
                  op | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

unsigned countCores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) {
    return std::max(CPU_COUNT(&set), 1);
  }
  return std::max(std::thread::hardware_concurrency(), 1u);
}

/// Default rounding and no flushing of denormals while kernels run, so that
/// results do not depend on the thread nor on the caller's settings.
class FloatEnvironment {
public:
#if defined(__x86_64__)
  FloatEnvironment() : saved(__builtin_ia32_stmxcsr()) {
    __builtin_ia32_ldmxcsr(0x1f80);
  }
  ~FloatEnvironment() { __builtin_ia32_ldmxcsr(saved); }

private:
  unsigned saved;
#endif
};
} // namespace

void EventCount::advance() {
  // Sequentially consistent, as the pair in waitWhile: either this thread
  // sees the sleeper or the sleeper sees the new value.
  value.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) != 0) {
    futex(value, FUTEX_WAKE, INT32_MAX);
  }
}

void EventCount::waitWhile(uint32_t old, unsigned spins, unsigned yields) {
  for (unsigned i = 0; i < spins; ++i) {
    if (load() != old) {
      return;
    }
    relax();
  }
  for (unsigned i = 0; i < yields; ++i) {
    if (load() != old) {
      return;
    }
    ::sched_yield();
  }
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (value.load(std::memory_order_seq_cst) == old) {
    futex(value, FUTEX_WAIT, old);
  }
  sleepers.fetch_sub(1, std::memory_order_relaxed);
}

ThreadPool::ThreadPool(unsigned threads) : process(::getpid()) {
  if (threads == 0) {
    threads = std::min(countCores(), maxThreads);
  }
  if (threads > maxThreads) {
    fail("expects at most ", maxThreads, " threads, got ", threads);
  }
  workers.reserve(threads - 1);
  try {
    for (unsigned i = 1; i < threads; ++i) {
      workers.emplace_back([this] { work(); });
    }
  } catch (...) {
    // Those that did start have not met at a barrier yet.
    stopping = true;
    jobs.advance();
    for (std::thread &worker : workers) {
      worker.join();
    }
    throw;
  }
}

ThreadPool::~ThreadPool() {
  if (process != ::getpid()) {
    // A child of fork has no such threads; joining would wait for ever.
    for (std::thread &worker : workers) {
      worker.detach();
    }
    return;
  }
  stopping = true;
  jobs.advance();
  for (std::thread &worker : workers) {
    worker.join();
  }
}

std::shared_ptr<ThreadPool> ThreadPool::get(unsigned threads) {
  static std::mutex poolsMutex;
  static std::map<unsigned, std::weak_ptr<ThreadPool>> pools;
  if (threads == 0) {
    threads = std::min(countCores(), maxThreads);
  }
  std::lock_guard<std::mutex> lock(poolsMutex);
  std::weak_ptr<ThreadPool> &slot = pools[threads];
  std::shared_ptr<ThreadPool> pool = slot.lock();
  if (!pool || pool->process != ::getpid()) {
    pool = std::make_shared<ThreadPool>(threads);
    slot = pool;
  }
  return pool;
}

void ThreadPool::run(const std::vector<Step> &steps, double *seconds) {
  if (process != ::getpid()) {
    fail("the model was loaded before this process forked; load it again");
  }
  if (steps.empty()) {
    return;
  }
  std::lock_guard<std::mutex> lock(mutex);
  FloatEnvironment environment;
  job = {&steps, seconds};
  if (!workers.empty()) {
    jobs.advance();
  }
  walk(job, /*isCaller=*/true);
}

void ThreadPool::work() {
  // A thread starts with its creator's settings.
  FloatEnvironment environment;
  for (uint32_t seen = 0;; ++seen) {
    jobs.waitWhile(seen, idleSpins, maxYields);
    if (stopping) {
      return;
    }
    // The job's memory is the caller's only until the last barrier.
    Job current = job;
    walk(current, /*isCaller=*/false);
  }
}

void ThreadPool::walk(const Job &job, bool isCaller) {
  using Clock = std::chrono::steady_clock;
  // A barrier stands before and after a step that all threads share. Steps of
  // one tile are the caller's alone and need none between them.
  bool callerAhead = false;
  Clock::time_point start;
  if (isCaller && job.seconds) {
    start = Clock::now();
  }
  for (size_t i = 0, e = job.steps->size(); i < e; ++i) {
    const Step &step = (*job.steps)[i];
    bool shared = step.tiles > 1 && !workers.empty();
    if (!shared) {
      callerAhead = true;
      if (isCaller) {
        step.kernel(step.operands, 0, step.tiles);
      }
    } else {
      if (callerAhead) {
        barrier();
        callerAhead = false;
      }
      runTiles(step);
      barrier();
    }
    if (isCaller && job.seconds) {
      Clock::time_point now = Clock::now();
      job.seconds[i] += std::chrono::duration<double>(now - start).count();
      start = now;
    }
  }
  // Workers must have left the table before the caller returns; the barrier
  // after a shared step has seen to that, and the table is not theirs since.
  if (callerAhead && !workers.empty()) {
    barrier();
  }
}

void ThreadPool::runTiles(const Step &step) {
  // Pieces small enough to even out a slow thread, large enough that taking
  // one costs nothing beside computing it.
  int64_t piece = std::max<int64_t>(step.tiles / (getNumThreads() * 8), 1);
  for (;;) {
    int64_t begin = nextTile.fetch_add(piece, std::memory_order_relaxed);
    if (begin >= step.tiles) {
      return;
    }
    step.kernel(step.operands, begin, std::min(begin + piece, step.tiles));
  }
}

void ThreadPool::barrier() {
  uint32_t current = phase.load();
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 ==
      getNumThreads()) {
    arrived.store(0, std::memory_order_relaxed);
    nextTile.store(0, std::memory_order_relaxed);
    phase.advance();
    return;
  }
  phase.waitWhile(current, barrierSpins, maxYields);
}
