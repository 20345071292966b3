// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Temporary names beside others, and what killed runs left of them.

#include "TemporaryPath.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qeff;
namespace fs = llvm::sys::fs;

/// Follows the output's name; random hexadecimal digits follow it.
static constexpr StringRef kInfix = ".qeff-tmp-";
static constexpr size_t kDigits = 8;

/// Whether a temporary path of the output named `prefix`, with the infix, may
/// be called `name`.
static bool isTemporaryName(StringRef name, StringRef prefix) {
  return name.consume_front(prefix) && name.size() == kDigits &&
         llvm::all_of(name, llvm::isHexDigit);
}

/// Removes what killed runs left beside `path`: files and directories that no
/// process holds.
static void removeStale(StringRef path) {
  std::string prefix = (llvm::sys::path::filename(path) + kInfix).str();
  StringRef parent = llvm::sys::path::parent_path(path);
  std::error_code code;
  for (fs::directory_iterator it(parent.empty() ? "." : parent, code,
                                 /*follow_symlinks=*/false),
       end;
       it != end && !code; it.increment(code)) {
    if (!isTemporaryName(llvm::sys::path::filename(it->path()), prefix)) {
      continue;
    }
    int held = ::open(it->path().c_str(),
                      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (held < 0) {
      continue;
    }
    struct stat info;
    if (::flock(held, LOCK_EX | LOCK_NB) == 0 && ::fstat(held, &info) == 0) {
      if (S_ISDIR(info.st_mode)) {
        (void)fs::remove_directories(it->path());
      } else if (S_ISREG(info.st_mode)) {
        ::unlink(it->path().c_str());
      }
    }
    ::close(held);
  }
}

/// Creates `name` and returns its descriptor, or -1 with errno set.
static int create(const std::string &name, PathKind kind, unsigned mode) {
  if (kind == PathKind::File) {
    return ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  }
  if (::mkdir(name.c_str(), mode) != 0) {
    return -1;
  }
  int descriptor =
      ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0 && errno == ENOENT) {
    // Another run took it for a leftover: the name is lost.
    errno = EEXIST;
  }
  return descriptor;
}

/// Whether `descriptor` could be locked while it still had its `name`: another
/// run may have taken it for a leftover before. A file system without locks is
/// fine, there nothing is taken for one.
static bool lockNamed(int descriptor, const std::string &name) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return false;
  }
  struct stat held, named;
  return ::fstat(descriptor, &held) == 0 &&
         ::stat(name.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

FailureOr<TemporaryPath> qeff::createTemporary(StringRef path, PathKind kind,
                                               unsigned mode) {
  removeStale(path);
  while (true) {
    SmallString<16> digits;
    fs::createUniquePath(std::string(kDigits, '%'), digits,
                         /*MakeAbsolute=*/false);
    std::string name = (path + kInfix + digits).str();
    int descriptor = create(name, kind, mode);
    if (descriptor < 0) {
      if (errno == EEXIST) {
        continue;
      }
      return failure();
    }
    if (lockNamed(descriptor, name)) {
      return TemporaryPath{name, descriptor};
    }
    ::close(descriptor);
  }
}
