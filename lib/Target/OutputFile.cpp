// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that appear whole or not at all.

#include "qeff/Target/OutputFile.h"

#include "mlir/IR/Diagnostics.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qeff;

static std::string getTemporaryName(StringRef path) {
  return (path + ".partial").str();
}

OutputFile::OutputFile(Location loc, StringRef path, int descriptor)
    : loc(loc), path(path.str()), temporary(getTemporaryName(path)),
      descriptor(descriptor) {}

OutputFile::OutputFile(OutputFile &&other)
    : loc(other.loc), path(std::move(other.path)),
      temporary(std::move(other.temporary)), descriptor(other.descriptor) {
  other.descriptor = -1;
}

OutputFile::~OutputFile() {
  if (descriptor >= 0) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
  }
}

InFlightDiagnostic OutputFile::emitError() {
  return mlir::emitError(loc) << "cannot write '" << path
                              << "': " << std::strerror(errno);
}

FailureOr<OutputFile> OutputFile::create(Location loc, StringRef path) {
  // A killed run may have left the name behind.
  ::unlink(getTemporaryName(path).c_str());
  int descriptor = ::open(getTemporaryName(path).c_str(),
                          O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  OutputFile file(loc, path, descriptor);
  if (descriptor < 0) {
    return file.emitError();
  }
  return file;
}

LogicalResult OutputFile::resize(int64_t bytes) {
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

LogicalResult OutputFile::commit(unsigned permissions) {
  if (::fchmod(descriptor, permissions) != 0 || ::fsync(descriptor) != 0) {
    return emitError();
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
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
                              unsigned permissions) {
  FailureOr<OutputFile> file = OutputFile::create(loc, path);
  if (failed(file) || failed(file->write(bytes))) {
    return failure();
  }
  return file->commit(permissions);
}
