// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Directories that appear whole or not at all: filled under a temporary name
// beside their own, synced and renamed.
#ifndef QEFF_TARGET_OUTPUTDIRECTORY_H
#define QEFF_TARGET_OUTPUTDIRECTORY_H

#include "qeff/Support/LLVM.h"

#include <string>

namespace qeff {

class OutputDirectory {
public:
  /// Creates the temporary directory of `path` and removes those that killed
  /// runs left for it. Errors are emitted at `loc`.
  static FailureOr<OutputDirectory> create(Location loc, StringRef path);

  OutputDirectory(OutputDirectory &&other);
  OutputDirectory &operator=(OutputDirectory &&) = delete;
  /// Removes the temporary directory, whatever is in it.
  ~OutputDirectory();

  /// Where it will be, absolute.
  StringRef getPath() const { return path; }
  /// Where it is filled.
  StringRef getTemporary() const { return temporary; }

  /// Syncs every file and gives the directory its name. A directory that has
  /// this name is removed with all that is in it if `replace`, else an error
  /// unless it is empty.
  LogicalResult commit(bool replace = false);

private:
  OutputDirectory(Location loc, StringRef path, std::string temporary, int lock)
      : loc(loc), path(path.str()), temporary(std::move(temporary)),
        lock(lock) {}
  LogicalResult rename(bool replace);

  Location loc;
  std::string path;
  std::string temporary;
  /// Held while the directory is filled.
  int lock;
};

} // namespace qeff

#endif // QEFF_TARGET_OUTPUTDIRECTORY_H
