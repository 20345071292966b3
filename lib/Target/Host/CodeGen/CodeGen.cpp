// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// compileProgram: kernels and launch tables to a shared object.

#include "Internal.h"

#include "qeff/Target/Host/CodeGen.h"
#include "qeff/Target/OutputFile.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Target/TargetMachine.h"

using namespace qeff;
using namespace qeff::host;

LogicalResult qeff::host::compileProgram(ModuleOp module, StringRef outputPath,
                                         const CodeGenOptions &options) {
  Location loc = module.getLoc();
  std::string mcpu = options.mcpu;
  if (auto cpu = module->getAttrOfType<StringAttr>(kCPUAttr);
      cpu && mcpu.empty()) {
    mcpu = cpu.str();
  }
  FailureOr<KernelTarget> target = KernelTarget::get(loc, mcpu);
  if (failed(target)) {
    return failure();
  }
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(loc, *target);
  if (!machine) {
    return failure();
  }
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> program = lowerKernels(module, context);
  if (!program) {
    return failure();
  }
  program->setDataLayout(machine->createDataLayout());
  program->setTargetTriple(machine->getTargetTriple());
  SmallVector<char, 0> object;
  if (failed(addProgramTables(module, *program)) ||
      failed(emitObject(loc, *program, *machine, *target, object))) {
    return failure();
  }
  std::string objectPath = (outputPath + ".o").str();
  LogicalResult result =
      writeFile(loc, objectPath, StringRef(object.data(), object.size()));
  std::string linked;
  if (succeeded(result)) {
    result = linkProgram(loc, objectPath, linked);
  }
  (void)llvm::sys::fs::remove(objectPath);
  return failed(result) ? failure()
                        : writeFile(loc, outputPath, linked, 0777);
}
