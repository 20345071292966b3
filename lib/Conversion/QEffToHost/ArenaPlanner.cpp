// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arena planner: best fit over time.

#include "qeff/Conversion/QEffToHost/ArenaPlanner.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"

#include "llvm/Support/CheckedArithmetic.h"

#include <map>
#include <queue>
#include <set>

using namespace qeff;
using namespace qeff::host;

namespace {
/// The gaps of an arena that grows at its end.
class GapList {
public:
  /// Takes `size` bytes out of the smallest gap that holds them, of several the
  /// first; grows the arena where there is none.
  int64_t allocate(int64_t size) {
    auto fit = bySize.lower_bound({size, 0});
    if (fit != bySize.end()) {
      auto [gap, offset] = *fit;
      erase(offset, gap);
      insert(offset + size, gap - size);
      return offset;
    }
    // A gap at the end counts as far as it goes.
    int64_t offset = end;
    if (!byOffset.empty()) {
      auto [last, gap] = *byOffset.rbegin();
      if (last + gap == end) {
        offset = last;
        erase(last, gap);
      }
    }
    end = offset + size;
    return offset;
  }

  void release(int64_t offset, int64_t size) {
    auto next = byOffset.lower_bound(offset);
    if (next != byOffset.begin()) {
      auto previous = std::prev(next);
      if (previous->first + previous->second == offset) {
        offset = previous->first;
        size += previous->second;
        erase(previous->first, previous->second);
      }
    }
    if (next != byOffset.end() && offset + size == next->first) {
      size += next->second;
      erase(next->first, next->second);
    }
    insert(offset, size);
  }

  int64_t getEnd() const { return end; }

private:
  void insert(int64_t offset, int64_t size) {
    if (size > 0) {
      byOffset[offset] = size;
      bySize.insert({size, offset});
    }
  }

  // By value: the arguments often come from the entry itself.
  void erase(int64_t offset, int64_t size) {
    byOffset.erase(offset);
    bySize.erase({size, offset});
  }

  std::map<int64_t, int64_t> byOffset;
  std::set<std::pair<int64_t, int64_t>> bySize;
  int64_t end = 0;
};
} // namespace

std::optional<ArenaPlan> host::planArena(ArrayRef<Lifetime> lifetimes) {
  std::optional<int64_t> total = 0;
  for (const Lifetime &lifetime : lifetimes) {
    if (lifetime.bytes < 0 ||
        lifetime.bytes > std::numeric_limits<int64_t>::max() - kAlignment) {
      return std::nullopt;
    }
    total = llvm::checkedAdd(*total, alignBytes(lifetime.bytes));
    if (!total) {
      return std::nullopt;
    }
  }

  SmallVector<size_t> order(llvm::to_vector(llvm::seq(lifetimes.size())));
  llvm::stable_sort(order, [&](size_t a, size_t b) {
    return lifetimes[a].begin < lifetimes[b].begin;
  });

  ArenaPlan plan;
  plan.offsets.resize(lifetimes.size());
  GapList gaps;
  // The buffers in use, the first to end on top.
  using Entry = std::pair<int64_t, size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> live;
  for (size_t index : order) {
    const Lifetime &lifetime = lifetimes[index];
    while (!live.empty() && live.top().first < lifetime.begin) {
      size_t done = live.top().second;
      live.pop();
      gaps.release(plan.offsets[done], alignBytes(lifetimes[done].bytes));
    }
    int64_t size = alignBytes(lifetime.bytes);
    if (size == 0) {
      continue;
    }
    plan.offsets[index] = gaps.allocate(size);
    live.push({lifetime.end, index});
  }
  plan.bytes = gaps.getEnd();
  return plan;
}
