// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Native code of a host program: from a module of phase `host` to the shared
// object that the runtime loads.
#ifndef QEFF_TARGET_HOST_CODEGEN_H
#define QEFF_TARGET_HOST_CODEGEN_H

#include "qeff/Support/LLVM.h"

#include <string>

namespace qeff::host {

struct CodeGenOptions {
  /// The CPU's LLVM name, "native", or "" for the one that the module names
  /// (`qeff_host.cpu`), this machine where it names none.
  std::string mcpu;
};

/// Compiles the kernels and the launch tables of `module` (phase `host`) and
/// writes the shared object `outputPath`. It exports `qeff_program`
/// (qeff/Runtime/ProgramABI.h), needs no other library, and its bytes depend on
/// the module and the CPU alone. The module is not changed. Errors are
/// diagnostics; a failed call leaves no file.
LogicalResult compileProgram(ModuleOp module, StringRef outputPath,
                             const CodeGenOptions &options = {});

} // namespace qeff::host

#endif // QEFF_TARGET_HOST_CODEGEN_H
