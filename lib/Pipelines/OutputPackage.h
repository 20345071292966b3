// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A package directory that appears whole or not at all.
#ifndef QEFF_LIB_PIPELINES_OUTPUTPACKAGE_H
#define QEFF_LIB_PIPELINES_OUTPUTPACKAGE_H

#include "qeff/Target/OutputDirectory.h"

namespace qeff {

/// The folder of a package that holds adapters, and the file in it that says
/// what the package takes.
inline constexpr StringRef kAdaptersName = "adapters";
inline constexpr StringRef kTargetsName = "targets.json";

/// A directory beside `path` under a temporary name, until `commit`.
class OutputPackage {
public:
  /// Creates the temporary directory and removes those that killed runs left
  /// for the same `path`. Refuses a `path` that exists and is no package of
  /// ours, or holds what is no part of packages. Errors are emitted at `loc`.
  static FailureOr<OutputPackage> create(Location loc, StringRef path);

  StringRef getDirectory() const { return directory.getTemporary(); }

  /// Writes the marker qeff.json, syncs every file, and puts the directory in
  /// the place of what was at `path`, which is then removed but for adapters:
  /// those that the new package doesn't have itself become a part of it.
  LogicalResult commit();

private:
  OutputPackage(Location loc, OutputDirectory directory)
      : loc(loc), directory(std::move(directory)) {}

  LogicalResult keepAdapters();

  Location loc;
  OutputDirectory directory;
};

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_OUTPUTPACKAGE_H
