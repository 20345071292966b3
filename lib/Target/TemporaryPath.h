// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names for what is written aside before it takes its place. Whoever writes
// there holds a lock, by which the leftovers of killed runs are told from the
// work of others.
#ifndef QEFF_LIB_TARGET_TEMPORARYPATH_H
#define QEFF_LIB_TARGET_TEMPORARYPATH_H

#include "qeff/Support/LLVM.h"

#include <string>

namespace qeff {

struct TemporaryPath {
  std::string name;
  /// Holds the lock; a file's is open for reading and writing. -1 for a
  /// directory on a file system without locks.
  int descriptor = -1;
};

enum class PathKind { File, Directory };

/// Creates an empty file or directory beside `path`, with the permissions
/// `mode` as far as the umask allows, and removes those that killed runs left
/// for the same `path`. Fails with errno set.
FailureOr<TemporaryPath> createTemporary(StringRef path, PathKind kind,
                                         unsigned mode);

} // namespace qeff

#endif // QEFF_LIB_TARGET_TEMPORARYPATH_H
