// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes package directories aside and exchanges them with the old ones.

#include "OutputPackage.h"

#include "qeff/Target/OutputFile.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qeff;
namespace fs = llvm::sys::fs;

static constexpr StringRef kMarkerName = "qeff.json";
static constexpr StringRef kMarkerText =
    "{\"format\": \"qeff.package\", \"version\": 1}\n";

static std::string join(StringRef directory, StringRef name) {
  SmallString<256> path(directory);
  llvm::sys::path::append(path, name);
  return std::string(path);
}

/// Whether `directory` carries our marker, of any version.
static bool isPackage(StringRef directory) {
  auto buffer = llvm::MemoryBuffer::getFile(join(directory, kMarkerName));
  if (!buffer) {
    return false;
  }
  llvm::Expected<llvm::json::Value> value =
      llvm::json::parse((*buffer)->getBuffer());
  if (!value) {
    llvm::consumeError(value.takeError());
    return false;
  }
  const llvm::json::Object *object = value->getAsObject();
  return object && object->getString("format") == StringRef("qeff.package");
}

/// Follows the output's name in the names of temporary directories.
static constexpr StringRef kTemporaryInfix = ".qeff-tmp-";

/// Opens a directory and locks it, which tells that its writer is alive.
/// Returns the descriptor, or -1 with errno set: EWOULDBLOCK if another process
/// holds it.
static int lockDirectory(const std::string &path) {
  int fd =
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    int error = errno;
    ::close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

/// Removes what killed runs left beside `path`: temporary directories that no
/// process holds.
static void removeStale(StringRef path) {
  std::string prefix =
      (llvm::sys::path::filename(path) + kTemporaryInfix).str();
  std::error_code code;
  for (fs::directory_iterator it(llvm::sys::path::parent_path(path), code,
                                 /*follow_symlinks=*/false),
       end;
       it != end && !code; it.increment(code)) {
    if (!llvm::sys::path::filename(it->path()).starts_with(prefix)) {
      continue;
    }
    int lock = lockDirectory(it->path());
    if (lock >= 0) {
      (void)fs::remove_directories(it->path());
      ::close(lock);
    }
  }
}

/// Creates a directory beside `path` and locks it. Another run may take it
/// for a stale one before it is locked; then the next name is tried. `lock` is
/// -1 where the file system has no locks: there nothing is taken for stale.
/// Fails with errno set.
static LogicalResult createLocked(const std::string &path, std::string &name,
                                  int &lock) {
  while (true) {
    name = path + kTemporaryInfix.str() + "XXXXXX";
    if (!::mkdtemp(name.data())) {
      return failure();
    }
    lock = lockDirectory(name);
    if (lock < 0) {
      if (errno == EWOULDBLOCK || errno == ENOENT) {
        continue;
      }
      return success();
    }
    struct stat held, named;
    if (::fstat(lock, &held) == 0 && ::stat(name.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino) {
      return success();
    }
    ::close(lock);
  }
}

FailureOr<OutputPackage> OutputPackage::create(Location loc, StringRef path) {
  while (path.size() > 1 && path.ends_with("/")) {
    path = path.drop_back();
  }
  if (path.empty() || path.contains('\0')) {
    return mlir::emitError(loc) << "expects the name of an output directory";
  }
  SmallString<256> real(path);
  if (fs::exists(path)) {
    // A link keeps its place, its target is replaced.
    if (std::error_code code = fs::real_path(path, real)) {
      return mlir::emitError(loc) << path << ": " << code.message();
    }
    if (!isPackage(real)) {
      return mlir::emitError(loc)
             << path << ": exists and is no package of qeff; remove it or "
             << "choose another output";
    }
  }
  SmallString<256> absolute(real);
  if (std::error_code code = fs::make_absolute(absolute)) {
    return mlir::emitError(loc) << path << ": " << code.message();
  }
  removeStale(absolute);
  std::string name;
  int lock = -1;
  if (failed(createLocked(std::string(absolute), name, lock))) {
    return mlir::emitError(loc)
           << path << ": cannot create a directory beside it: "
           << std::strerror(errno);
  }
  ::chmod(name.c_str(), 0755);
  return OutputPackage(loc, std::string(absolute), name, lock);
}

OutputPackage::OutputPackage(OutputPackage &&other)
    : loc(other.loc), path(std::move(other.path)),
      temporary(std::move(other.temporary)), lock(other.lock) {
  other.temporary.clear();
  other.lock = -1;
}

OutputPackage::~OutputPackage() {
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

LogicalResult OutputPackage::replace() {
  if (::rename(temporary.c_str(), path.c_str()) == 0) {
    temporary.clear();
    return success();
  }
  if (errno == ENOTEMPTY || errno == EEXIST) {
    // The old package gets the temporary name and is removed by it.
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
         << path << ": cannot put the package there: " << std::strerror(errno);
}

LogicalResult OutputPackage::commit() {
  if (failed(writeFile(loc, join(temporary, kMarkerName), kMarkerText)) ||
      failed(syncAll(loc, temporary)) || failed(replace())) {
    return failure();
  }
  (void)syncPath(llvm::sys::path::parent_path(path).str());
  return success();
}
