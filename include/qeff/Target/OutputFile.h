// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that appear whole or not at all: written under a temporary name beside
// their own, synced and renamed.
#ifndef QEFF_TARGET_OUTPUTFILE_H
#define QEFF_TARGET_OUTPUTFILE_H

#include "qeff/Support/LLVM.h"

#include <string>

namespace qeff {

class OutputFile {
public:
  /// Creates the temporary file of `path` with the permissions `mode` as far as
  /// the umask allows, and removes those that killed runs left for it. A link
  /// keeps its place, its target is replaced. What is there and no regular file
  /// (a device, a pipe) is opened and written itself. Errors are emitted at
  /// `loc`.
  static FailureOr<OutputFile> create(Location loc, StringRef path,
                                      unsigned mode = 0666);

  OutputFile(OutputFile &&other);
  OutputFile &operator=(OutputFile &&) = delete;
  /// Removes the temporary file where `commit` has not succeeded.
  ~OutputFile();

  int getDescriptor() const { return descriptor; }
  /// Makes the file `bytes` long; only a regular one can be.
  LogicalResult resize(int64_t bytes);
  LogicalResult write(StringRef bytes);
  /// Writes at a position; only a regular file has them.
  LogicalResult writeAt(StringRef bytes, int64_t offset);
  /// Syncs, and gives the file its name.
  LogicalResult commit();

private:
  OutputFile(Location loc, std::string path)
      : loc(loc), path(std::move(path)) {}
  bool isInPlace() const { return temporary.empty(); }
  InFlightDiagnostic emitError();

  Location loc;
  std::string path;
  std::string temporary;
  int descriptor = -1;
};

/// Writes `bytes` as the file `path`, see OutputFile::create.
LogicalResult writeFile(Location loc, StringRef path, StringRef bytes,
                        unsigned mode = 0666);

} // namespace qeff

#endif // QEFF_TARGET_OUTPUTFILE_H
