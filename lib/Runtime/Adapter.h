// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An adapter in memory, in the layout that the package's kernels read. It is
// constant once loaded, so any number of sessions on any threads share it.

#ifndef QEFF_LIB_RUNTIME_ADAPTER_H
#define QEFF_LIB_RUNTIME_ADAPTER_H

#include "File.h"
#include "Manifest.h"

#include <string>

namespace qeff::runtime {

struct AdapterOptions {
  bool allowNonfinite = false;
};

class Adapter {
public:
  /// Loads the file `path` for the package that `desc` describes; `desc` lives
  /// as long as the adapter. All of the file's names, shapes, types and ranks
  /// are checked before the first value is read; fails naming the file.
  Adapter(const AdapterDesc &desc, const std::string &path,
          const AdapterOptions &options);

  const AdapterDesc &getDesc() const { return desc; }
  const std::string &getName() const { return name; }
  /// The block that replaces the adapter segment.
  std::byte *data() const { return block.data(); }
  /// Targets that it changes, and the largest of their ranks.
  uint64_t getNumTargets() const { return numTargets; }
  int64_t getRank() const { return rank; }
  /// Bytes of the block that are in use, about what it takes of memory.
  uint64_t getBytes() const { return bytes; }

private:
  const AdapterDesc &desc;
  std::string name;
  Mapping block;
  uint64_t numTargets = 0;
  int64_t rank = 0;
  uint64_t bytes = 0;
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_ADAPTER_H
