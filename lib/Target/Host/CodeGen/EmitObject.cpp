// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM IR to an x86-64 object file.

#include "Internal.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace qeff;
using namespace qeff::host;

std::unique_ptr<llvm::TargetMachine>
qeff::host::createTargetMachine(Location loc, const KernelTarget &target) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  llvm::Triple triple(KernelTarget::getTriple());
  std::string error;
  const llvm::Target *backend =
      llvm::TargetRegistry::lookupTarget(triple, error);
  std::unique_ptr<llvm::TargetMachine> machine;
  if (backend) {
    machine.reset(backend->createTargetMachine(
        triple, target.getLevelName(), /*Features=*/"", llvm::TargetOptions(),
        llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  }
  if (!machine) {
    mlir::emitError(loc) << "no code generator for " << triple.str() << ": "
                         << error;
  }
  return machine;
}

/// -O3 without knowledge of any library: a loop must not become a call of
/// memcpy or memset, since the program links nothing.
static void optimize(llvm::Module &program, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::TargetLibraryInfoImpl libraries(machine.getTargetTriple());
  libraries.disableAllFunctions();
  functions.registerPass(
      [&] { return llvm::TargetLibraryAnalysis(libraries); });
  // Kernels are vectors and register tiles already.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.LoopUnrolling = false;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(program, modules);
}

LogicalResult qeff::host::emitObject(Location loc, llvm::Module &program,
                                     llvm::TargetMachine &machine,
                                     const KernelTarget &target,
                                     llvm::SmallVectorImpl<char> &object) {
  for (llvm::Function &function : program) {
    function.addFnAttr("target-cpu", target.getLevelName());
    function.addFnAttr("tune-cpu", target.cpu);
    if (target.getLanes() == 16) {
      function.addFnAttr("prefer-vector-width", "512");
    }
  }
  optimize(program, machine);
  llvm::raw_svector_ostream os(object);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr,
                                  llvm::CodeGenFileType::ObjectFile)) {
    mlir::emitError(loc, "the code generator cannot write object files");
    return failure();
  }
  passes.run(program);
  return success();
}
