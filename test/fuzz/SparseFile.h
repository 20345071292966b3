// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files in memory for the fuzzers of the importers.
#ifndef QEFF_TEST_FUZZ_SPARSEFILE_H
#define QEFF_TEST_FUZZ_SPARSEFILE_H

#include "qeff/Import/InputFile.h"

#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace qeff::fuzz {

/// An open file of `bytes` and `zeros` zero bytes that take no memory.
inline InputFile makeSparseFile(llvm::StringRef bytes, uint64_t zeros) {
  int fd = memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 ||
      pwrite(fd, bytes.data(), bytes.size(), 0) !=
          static_cast<ssize_t>(bytes.size()) ||
      ftruncate(fd, static_cast<off_t>(bytes.size() + zeros)) != 0) {
    std::abort();
  }
  return llvm::cantFail(InputFile::adopt(fd));
}

} // namespace qeff::fuzz

#endif // QEFF_TEST_FUZZ_SPARSEFILE_H
