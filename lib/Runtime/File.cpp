// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Owned file descriptors and memory mappings.

#include "File.h"

#include "Error.h"
#include "SHA256.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace qeff::runtime;

namespace {
/// One read at `offset`, whole unless the file ends.
size_t readSome(const File &file, char *data, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = ::pread(file.getFd(), data + done, size - done,
                        static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      fail(file.getPath(), ": cannot read: ", std::strerror(errno));
    }
    if (n == 0) {
      break;
    }
    done += static_cast<size_t>(n);
  }
  return done;
}
} // namespace

File::File(std::string filePath) : path(std::move(filePath)) {
  // Not to wait for the other end of a pipe.
  fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    fail(path, ": cannot open: ", std::strerror(errno));
  }
  struct stat info;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    fail(path, ": expects a regular file");
  }
  size = static_cast<uint64_t>(info.st_size);
}

File::~File() { ::close(fd); }

std::string File::read(uint64_t limit) const {
  if (size > limit) {
    fail(path, ": expects at most ", limit, " bytes, got ", size);
  }
  std::string text(size, '\0');
  text.resize(readSome(*this, text.data(), text.size(), 0));
  return text;
}

void File::readAt(void *data, size_t count, uint64_t offset) const {
  size_t done = readSome(*this, static_cast<char *>(data), count, offset);
  if (done != count) {
    fail(path, ": expects ", count, " bytes at ", offset, ", got ", done);
  }
}

std::string File::hash(const std::function<void(uint64_t)> &progress) const {
  std::vector<char> buffer(1 << 20);
  SHA256 sha;
  for (uint64_t offset = 0;;) {
    size_t n = readSome(*this, buffer.data(), buffer.size(), offset);
    if (n == 0) {
      break;
    }
    sha.update(buffer.data(), n);
    offset += n;
    if (progress) {
      progress(offset);
    }
  }
  return sha.final();
}

Mapping::Mapping(uint64_t size, const char *what) : bytes(size) {
  if (bytes == 0) {
    return;
  }
  void *memory = MAP_FAILED;
  if (bytes <= std::numeric_limits<size_t>::max() / 2) {
    memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  if (memory == MAP_FAILED) {
    fail("cannot allocate ", bytes, " bytes for ", what);
  }
  address = static_cast<std::byte *>(memory);
}

Mapping::Mapping(const File &file) : bytes(file.getSize()) {
  if (bytes == 0) {
    return;
  }
  void *memory =
      ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file.getFd(), 0);
  if (memory == MAP_FAILED) {
    fail(file.getPath(), ": cannot map: ", std::strerror(errno));
  }
  address = static_cast<std::byte *>(memory);
  // Reading ahead is a wish; without it pages come as they are touched.
  (void)::madvise(address, bytes, MADV_WILLNEED);
}

Mapping::~Mapping() {
  if (address) {
    ::munmap(address, bytes);
  }
}

Mapping::Mapping(Mapping &&other) noexcept
    : address(std::exchange(other.address, nullptr)),
      bytes(std::exchange(other.bytes, 0)) {}

Mapping &Mapping::operator=(Mapping &&other) noexcept {
  std::swap(address, other.address);
  std::swap(bytes, other.bytes);
  return *this;
}

void Mapping::clear() {
  if (address && ::madvise(address, bytes, MADV_DONTNEED) != 0) {
    std::memset(address, 0, bytes);
  }
}
