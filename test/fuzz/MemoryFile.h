// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef QEFF_TEST_FUZZ_MEMORYFILE_H
#define QEFF_TEST_FUZZ_MEMORYFILE_H

#include "llvm/ADT/StringRef.h"

#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace qeff::fuzz {

/// A file in memory that others can open by a path.
struct MemoryFile {
  explicit MemoryFile(llvm::StringRef bytes) : fd(memfd_create("fuzz", 0)) {
    if (fd < 0 || write(fd, bytes.data(), bytes.size()) !=
                      static_cast<ssize_t>(bytes.size())) {
      std::abort();
    }
  }
  ~MemoryFile() { close(fd); }
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;
  std::string getPath() const { return "/proc/self/fd/" + std::to_string(fd); }

  const int fd;
};

} // namespace qeff::fuzz

#endif // QEFF_TEST_FUZZ_MEMORYFILE_H
