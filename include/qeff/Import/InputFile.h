// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file read in bounded pieces. The importers read headers only, so nothing
// here maps a file or reads all of it.
#ifndef QEFF_IMPORT_INPUTFILE_H
#define QEFF_IMPORT_INPUTFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace qeff {

/// An open regular file. Errors name what was expected, not the file: the
/// caller has a location for that.
class InputFile {
public:
  static llvm::Expected<InputFile> open(llvm::StringRef path);

  /// Takes over the open descriptor `fd`.
  static llvm::Expected<InputFile> adopt(int fd);

  InputFile(InputFile &&other);
  InputFile &operator=(InputFile &&other);
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;
  ~InputFile();

  /// Bytes in the file when it was opened.
  uint64_t getSize() const { return size; }

  /// Fills `buffer` with `bytes` bytes from `offset`; an error where the file
  /// ends before that.
  llvm::Error read(uint64_t offset, void *buffer, size_t bytes) const;

  /// `bytes` bytes from `offset` as a string. The range is checked against the
  /// size before anything is allocated.
  llvm::Expected<std::string> readString(uint64_t offset,
                                         uint64_t bytes) const;

  /// Lower-case hexadecimal SHA-256 of the first `bytes` bytes.
  llvm::Expected<std::string> hashPrefix(uint64_t bytes) const;

private:
  InputFile(int fd, uint64_t size) : fd(fd), size(size) {}

  int fd = -1;
  uint64_t size = 0;
};

/// The whole of a small text file; an error where it has more than `limit`
/// bytes.
llvm::Expected<std::string> readSmallFile(llvm::StringRef path, uint64_t limit);

/// An error that says `message`.
llvm::Error makeImportError(const llvm::Twine &message);

} // namespace qeff

#endif // QEFF_IMPORT_INPUTFILE_H
