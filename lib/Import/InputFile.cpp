// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bounded reads with pread.

#include "qeff/Import/InputFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SHA256.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace qeff;

llvm::Error qeff::makeImportError(const llvm::Twine &message) {
  return llvm::createStringError(
      std::make_error_code(std::errc::invalid_argument), message);
}

llvm::Expected<InputFile> InputFile::open(llvm::StringRef path) {
  if (path.contains('\0')) {
    return makeImportError("expects a path without a zero byte");
  }
  // Not blocking: opening a FIFO must not wait for its writer.
  int fd = ::open(path.str().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return makeImportError(llvm::Twine("cannot open the file: ") +
                           std::strerror(errno));
  }
  return adopt(fd);
}

llvm::Expected<InputFile> InputFile::adopt(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return makeImportError("expects a regular file");
  }
  return InputFile(fd, static_cast<uint64_t>(status.st_size));
}

InputFile::InputFile(InputFile &&other)
    : fd(std::exchange(other.fd, -1)), size(other.size) {}

InputFile &InputFile::operator=(InputFile &&other) {
  std::swap(fd, other.fd);
  std::swap(size, other.size);
  return *this;
}

InputFile::~InputFile() {
  if (fd >= 0) {
    ::close(fd);
  }
}

llvm::Error InputFile::read(uint64_t offset, void *buffer,
                            size_t bytes) const {
  if (offset > size || bytes > size - offset) {
    return makeImportError("expects " + llvm::Twine(bytes) +
                           " bytes at offset " + llvm::Twine(offset) +
                           ", got a file of " + llvm::Twine(size) + " bytes");
  }
  auto *out = static_cast<char *>(buffer);
  while (bytes > 0) {
    ssize_t got = ::pread(fd, out, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return makeImportError(llvm::Twine("cannot read the file: ") +
                             std::strerror(errno));
    }
    if (got == 0) {
      return makeImportError("the file was shortened while it was read");
    }
    out += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return llvm::Error::success();
}

llvm::Expected<std::string> InputFile::readString(uint64_t offset,
                                                  uint64_t bytes) const {
  if (offset > size || bytes > size - offset) {
    return makeImportError("expects " + llvm::Twine(bytes) +
                           " bytes at offset " + llvm::Twine(offset) +
                           ", got a file of " + llvm::Twine(size) + " bytes");
  }
  std::string text(static_cast<size_t>(bytes), '\0');
  if (llvm::Error error = read(offset, text.data(), text.size())) {
    return error;
  }
  return text;
}

llvm::Expected<std::string> InputFile::hashPrefix(uint64_t bytes) const {
  llvm::SHA256 hash;
  std::vector<uint8_t> buffer(
      static_cast<size_t>(std::min<uint64_t>(bytes, 1 << 16)));
  for (uint64_t offset = 0; offset < bytes;) {
    size_t step =
        static_cast<size_t>(std::min<uint64_t>(buffer.size(), bytes - offset));
    if (llvm::Error error = read(offset, buffer.data(), step)) {
      return error;
    }
    hash.update(llvm::ArrayRef<uint8_t>(buffer.data(), step));
    offset += step;
  }
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

llvm::Expected<std::string> qeff::readSmallFile(llvm::StringRef path,
                                                uint64_t limit) {
  llvm::Expected<InputFile> file = InputFile::open(path);
  if (!file) {
    return file.takeError();
  }
  if (file->getSize() > limit) {
    return makeImportError("expects at most " + llvm::Twine(limit) +
                           " bytes, got " + llvm::Twine(file->getSize()));
  }
  return file->readString(0, file->getSize());
}
