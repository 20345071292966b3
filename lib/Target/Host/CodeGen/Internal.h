// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps of compileProgram.
#ifndef QEFF_LIB_TARGET_HOST_CODEGEN_INTERNAL_H
#define QEFF_LIB_TARGET_HOST_CODEGEN_INTERNAL_H

#include "qeff/Support/LLVM.h"
#include "qeff/Target/Host/Kernels.h"

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace qeff::host {

/// Translates the kernels of `module` to LLVM IR: functions of bare pointers
/// and the range of tiles. The module is not changed.
std::unique_ptr<llvm::Module> lowerKernels(ModuleOp module,
                                           llvm::LLVMContext &context);

/// Adds the entry points of the kernels and the table `qeff_program`, the one
/// symbol that stays visible.
LogicalResult addProgramTables(ModuleOp module, llvm::Module &program);

std::unique_ptr<llvm::TargetMachine>
createTargetMachine(Location loc, const KernelTarget &target);

/// Optimizes `program` and appends an ELF object to `object`.
LogicalResult emitObject(Location loc, llvm::Module &program,
                         llvm::TargetMachine &machine,
                         const KernelTarget &target,
                         llvm::SmallVectorImpl<char> &object);

/// Links the object file `objectPath` to a shared object, whose bytes become
/// `program`.
LogicalResult linkProgram(Location loc, StringRef objectPath,
                          std::string &program);

} // namespace qeff::host

#endif // QEFF_LIB_TARGET_HOST_CODEGEN_INTERNAL_H
