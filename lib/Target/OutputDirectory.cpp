// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fills directories aside and exchanges them with the old ones.

#include "qeff/Target/OutputDirectory.h"
#include "TemporaryPath.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

using namespace qeff;
namespace fs = llvm::sys::fs;

FailureOr<OutputDirectory> OutputDirectory::create(Location loc,
                                                   StringRef path) {
  // Names are put beside it, not into it.
  SmallString<256> absolute(path.size() > 1 ? path.rtrim('/') : path);
  if (std::error_code code = fs::make_absolute(absolute)) {
    return mlir::emitError(loc) << path << ": " << code.message();
  }
  FailureOr<TemporaryPath> temporary =
      createTemporary(absolute, PathKind::Directory, 0777);
  if (failed(temporary)) {
    return mlir::emitError(loc)
           << path << ": cannot create a directory beside it: "
           << std::strerror(errno);
  }
  return OutputDirectory(loc, absolute, temporary->name,
                         temporary->descriptor);
}

OutputDirectory::OutputDirectory(OutputDirectory &&other)
    : loc(other.loc), path(std::move(other.path)),
      temporary(std::move(other.temporary)), lock(other.lock) {
  other.temporary.clear();
  other.lock = -1;
}

OutputDirectory::~OutputDirectory() {
  if (!temporary.empty()) {
    (void)fs::remove_directories(temporary);
  }
  if (lock >= 0) {
    ::close(lock);
  }
}

/// Flushes one file or directory to its device.
static bool syncPath(const std::string &path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
}

/// Flushes everything under `directory`, which is flushed last.
static LogicalResult syncAll(Location loc, const std::string &directory) {
  std::error_code code;
  std::vector<std::string> paths;
  for (fs::recursive_directory_iterator it(directory, code, false), end;
       it != end && !code; it.increment(code)) {
    paths.push_back(it->path());
  }
  paths.insert(paths.begin(), directory);
  for (const std::string &path : llvm::reverse(paths)) {
    if (code || !syncPath(path)) {
      return mlir::emitError(loc)
             << path << ": cannot write: " << std::strerror(errno);
    }
  }
  return success();
}

LogicalResult OutputDirectory::rename(bool replace) {
  if (::rename(temporary.c_str(), path.c_str()) == 0) {
    temporary.clear();
    return success();
  }
  if (replace && (errno == ENOTEMPTY || errno == EEXIST)) {
    // The old directory gets the temporary name and is removed by it.
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(),
                    RENAME_EXCHANGE) == 0) {
      return success();
    }
    // A file system without exchange: two renames.
    std::string old = temporary + "-old";
    if ((errno == EINVAL || errno == ENOSYS) &&
        ::rename(path.c_str(), old.c_str()) == 0) {
      if (::rename(temporary.c_str(), path.c_str()) == 0) {
        temporary = old;
        return success();
      }
      int error = errno;
      (void)::rename(old.c_str(), path.c_str());
      errno = error;
    }
  }
  return mlir::emitError(loc)
         << path << ": cannot put the directory there: "
         << std::strerror(errno);
}

LogicalResult OutputDirectory::commit(bool replace) {
  if (failed(syncAll(loc, temporary)) || failed(rename(replace))) {
    return failure();
  }
  (void)syncPath(llvm::sys::path::parent_path(path).str());
  return success();
}
