// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// program.so in memory: its tables, checked against the manifest.

#ifndef QEFF_LIB_RUNTIME_PROGRAM_H
#define QEFF_LIB_RUNTIME_PROGRAM_H

#include "qeff/Runtime/ProgramABI.h"

#include <memory>
#include <vector>

namespace qeff::runtime {

class File;
struct FunctionDesc;
struct Manifest;

/// Fails unless `table` describes what `manifest` does and every operand of
/// every launch starts inside its segment.
void checkProgram(const qeff_program_table &table, const Manifest &manifest);

class Program {
public:
  /// Loads the library; its code may run from here on.
  explicit Program(std::unique_ptr<File> file);
  ~Program();
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  const qeff_program_table &getTable() const { return *table; }
  /// The function called `name`, or null.
  const qeff_function *find(const char *name) const;

private:
  std::unique_ptr<File> file;
  void *handle = nullptr;
  const qeff_program_table *table = nullptr;
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_PROGRAM_H
