// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that appear whole or not at all.

#include "qeff/Target/OutputFile.h"
#include "TemporaryPath.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qeff;

/// Where a file called `path` is to be written: links are followed, also to
/// where nothing is. "" for an open descriptor's name below /proc.
static std::string followLinks(StringRef path) {
  std::string name = path.str();
  struct stat proc, link;
  bool hasProc = ::stat("/proc", &proc) == 0;
  // As many as the kernel follows.
  for (int i = 0; i < 40; ++i) {
    if (::lstat(name.c_str(), &link) != 0 || !S_ISLNK(link.st_mode)) {
      break;
    }
    if (hasProc && link.st_dev == proc.st_dev) {
      return "";
    }
    char buffer[PATH_MAX];
    ssize_t size = ::readlink(name.c_str(), buffer, sizeof(buffer));
    if (size <= 0) {
      break;
    }
    StringRef target(buffer, size);
    SmallString<256> next(llvm::sys::path::is_absolute(target)
                              ? StringRef()
                              : llvm::sys::path::parent_path(name));
    llvm::sys::path::append(next, target);
    name = next.str().str();
  }
  return name;
}

OutputFile::OutputFile(OutputFile &&other)
    : loc(other.loc), path(std::move(other.path)),
      temporary(std::move(other.temporary)), descriptor(other.descriptor) {
  other.descriptor = -1;
}

OutputFile::~OutputFile() {
  if (descriptor >= 0) {
    ::close(descriptor);
    if (!isInPlace()) {
      ::unlink(temporary.c_str());
    }
  }
}

InFlightDiagnostic OutputFile::emitError() {
  return mlir::emitError(loc) << "cannot write '" << path
                              << "': " << std::strerror(errno);
}

FailureOr<OutputFile> OutputFile::create(Location loc, StringRef path,
                                         unsigned mode) {
  OutputFile file(loc, followLinks(path));
  struct stat info;
  if (file.path.empty() || (::stat(file.path.c_str(), &info) == 0 &&
                            !S_ISREG(info.st_mode))) {
    // Devices, pipes, open descriptors: what is there stays, and is written.
    file.path = path.str();
    file.descriptor = ::open(file.path.c_str(),
                             O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
  } else if (FailureOr<TemporaryPath> temporary =
                 createTemporary(file.path, PathKind::File, mode);
             succeeded(temporary)) {
    file.temporary = temporary->name;
    file.descriptor = temporary->descriptor;
  }
  if (file.descriptor < 0) {
    return file.emitError();
  }
  return file;
}

LogicalResult OutputFile::resize(int64_t bytes) {
  if (isInPlace()) {
    return mlir::emitError(loc)
           << "cannot write '" << path << "': expects a regular file";
  }
  if (::ftruncate(descriptor, bytes) != 0) {
    return emitError();
  }
  return success();
}

LogicalResult OutputFile::write(StringRef bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return emitError();
    }
    bytes = bytes.drop_front(written);
  }
  return success();
}

LogicalResult OutputFile::writeAt(StringRef bytes, int64_t offset) {
  while (!bytes.empty()) {
    ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return emitError();
    }
    bytes = bytes.drop_front(written);
    offset += written;
  }
  return success();
}

LogicalResult OutputFile::commit() {
  if (!isInPlace() && (::fsync(descriptor) != 0 ||
                       ::rename(temporary.c_str(), path.c_str()) != 0)) {
    return emitError();
  }
  int closed = ::close(descriptor);
  descriptor = -1;
  if (closed != 0) {
    return emitError();
  }
  return success();
}

LogicalResult qeff::writeFile(Location loc, StringRef path, StringRef bytes,
                              unsigned mode) {
  FailureOr<OutputFile> file = OutputFile::create(loc, path, mode);
  if (failed(file) || failed(file->write(bytes))) {
    return failure();
  }
  return file->commit();
}
