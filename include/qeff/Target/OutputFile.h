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
  /// Creates the temporary file of `path`. Errors are emitted at `loc`.
  static FailureOr<OutputFile> create(Location loc, StringRef path);

  OutputFile(OutputFile &&other);
  OutputFile &operator=(OutputFile &&) = delete;
  /// Removes the temporary file where `commit` has not succeeded.
  ~OutputFile();

  int getDescriptor() const { return descriptor; }
  /// Makes the file `bytes` long.
  LogicalResult resize(int64_t bytes);
  LogicalResult write(StringRef bytes);
  /// Syncs, and gives the file its name and `permissions` (as chmod has them).
  LogicalResult commit(unsigned permissions = 0644);

private:
  OutputFile(Location loc, StringRef path, int descriptor);
  InFlightDiagnostic emitError();

  Location loc;
  std::string path;
  std::string temporary;
  int descriptor;
};

/// Writes `bytes` as the file `path`.
LogicalResult writeFile(Location loc, StringRef path, StringRef bytes,
                        unsigned permissions = 0644);

} // namespace qeff

#endif // QEFF_TARGET_OUTPUTFILE_H
