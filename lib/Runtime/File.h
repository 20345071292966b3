// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Owned file descriptors and memory mappings.

#ifndef QEFF_LIB_RUNTIME_FILE_H
#define QEFF_LIB_RUNTIME_FILE_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace qeff::runtime {

/// A regular file open for reading.
class File {
public:
  /// Fails when `path` cannot be opened or is no regular file.
  explicit File(std::string path);
  ~File();
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  const std::string &getPath() const { return path; }
  int getFd() const { return fd; }
  uint64_t getSize() const { return size; }
  /// The whole file; fails when it holds more than `limit` bytes.
  std::string read(uint64_t limit) const;
  /// `size` bytes from `offset`; fails when the file ends before.
  void readAt(void *data, size_t size, uint64_t offset) const;
  /// Lower-case hex SHA-256 of the whole file, read in pieces; `progress` is
  /// called with the bytes so far.
  std::string
  hash(const std::function<void(uint64_t done)> &progress = {}) const;

private:
  std::string path;
  int fd = -1;
  uint64_t size = 0;
};

/// Pages of memory: zeroed and writable, or a read-only view of a file that
/// shares the page cache. Empty mappings have no address.
class Mapping {
public:
  Mapping() = default;
  /// `what` names the memory in the error.
  Mapping(uint64_t bytes, const char *what);
  explicit Mapping(const File &file);
  ~Mapping();
  Mapping(Mapping &&other) noexcept;
  Mapping &operator=(Mapping &&other) noexcept;

  std::byte *data() const { return address; }
  uint64_t size() const { return bytes; }
  /// Writable mappings: back to zero, giving the pages back.
  void clear();

private:
  std::byte *address = nullptr;
  uint64_t bytes = 0;
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_FILE_H
