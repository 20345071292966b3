// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weight files that an evaluation reads.
#ifndef QEFF_LIB_WEIGHTS_FILES_H
#define QEFF_LIB_WEIGHTS_FILES_H

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Weights/Evaluator.h"

#include "llvm/ADT/DenseMap.h"

#include <memory>
#include <string>

namespace qeff {

/// An open file whose size, and header where the module knows its hash, are as
/// `qeff.file` says.
class WeightFile {
public:
  WeightFile(int fd, std::string path) : fd(fd), path(std::move(path)) {}
  WeightFile(const WeightFile &) = delete;
  WeightFile &operator=(const WeightFile &) = delete;
  ~WeightFile();

  const int fd;
  const std::string path;
};

/// Opens the files that roots lead to, each once.
class FileSet {
public:
  explicit FileSet(const EvaluatorOptions &options) : options(options) {}

  /// The file of `op`; the diagnostic is at the op.
  FailureOr<const WeightFile *> open(FileOp op);

private:
  const EvaluatorOptions &options;
  llvm::DenseMap<Operation *, std::unique_ptr<WeightFile>> files;
};

/// Reads exactly `size` bytes, or writes what went wrong to `error`.
LogicalResult readExactly(const WeightFile &file, void *target, int64_t size,
                          int64_t offset, std::string &error);

/// Writes exactly `size` bytes, or writes what went wrong to `error`.
LogicalResult writeExactly(int fd, StringRef name, const void *source,
                           int64_t size, int64_t offset, std::string &error);

} // namespace qeff

#endif // QEFF_LIB_WEIGHTS_FILES_H
