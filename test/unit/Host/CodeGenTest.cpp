// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shared object: its table, its bytes, its dependencies, its errors.

#include "KernelProgram.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace qeff;
using namespace qeff::host;
using namespace qeff::host::test;

/// Some of every kernel.
static void addKernels(KernelProgram &program) {
  KernelLibrary &k = program.kernels();
  for (StringRef type : {"f32", "f16", "bf16"}) {
    for (int64_t m : {1, 3, 32}) {
      program.add(k.linear(m, 72, 40, program.type(type), m == 3));
    }
    program.add(k.embedding(4, 50, 24, program.type(type), TableLayout::Rows));
    program.add(
        k.embedding(4, 50, 24, program.type(type), TableLayout::Panels));
  }
  program.add(k.rmsNorm(4, 24, 1e-5));
  program.add(k.layerNorm(4, 24, 1e-5, true, true));
  program.add(k.rope(4, 2, 24, 8, 64, RopeStyle::Half));
  program.add(k.rope(4, 2, 24, 8, 64, RopeStyle::Interleaved));
  program.add(k.cacheWrite(1, 4, 2, 64, 24, StateLayout::SlotBlocks));
  program.add(k.cacheWrite(1, 4, 2, 64, 24, StateLayout::RowMajor));
  program.add(k.attention({1, 4, 4, 2, 24, 20, 64}, 0.125, true));
  program.add(k.add(100));
  for (Activation kind : {Activation::SiLU, Activation::GELU,
                          Activation::GELUTanh, Activation::ReLU}) {
    program.add(k.activate(100, kind));
    program.add(k.gate(100, kind));
  }
  program.add(k.clip(100, -1, 1));
  program.add(k.logitsSelect(2, 4, 600));
}

static std::string read(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

TEST(CodeGenTest, NeedsNothingAndExportsOneSymbol) {
  for (StringRef cpu : {"x86-64", "haswell", "x86-64-v3", "znver4",
                        "sapphirerapids"}) {
    KernelProgram program(cpu);
    addKernels(program);
    std::string path = program.compile();
    ASSERT_FALSE(path.empty()) << cpu.str();
    auto binary = llvm::object::ObjectFile::createObjectFile(path);
    ASSERT_TRUE(bool(binary));
    auto *elf = dyn_cast<llvm::object::ELF64LEObjectFile>(
        binary->getBinary());
    ASSERT_TRUE(elf);
    std::vector<std::string> symbols;
    for (const llvm::object::ELFSymbolRef &symbol :
         elf->getDynamicSymbolIterators()) {
      symbols.push_back(llvm::cantFail(symbol.getName()).str());
    }
    EXPECT_EQ(symbols, std::vector<std::string>{QEFF_PROGRAM_SYMBOL});
    auto entries = llvm::cantFail(elf->getELFFile().dynamicEntries());
    for (const auto &entry : entries) {
      EXPECT_NE(entry.getTag(), llvm::ELF::DT_NEEDED) << cpu.str();
    }
  }
}

TEST(CodeGenTest, BytesDependOnTheModuleAlone) {
  KernelProgram first("x86-64-v3"), second("x86-64-v3");
  addKernels(first);
  addKernels(second);
  std::string path = first.compile(), again = first.compile();
  std::string bytes = read(path);
  ASSERT_FALSE(bytes.empty());
  EXPECT_EQ(bytes, read(again));
  EXPECT_EQ(bytes, read(second.compile()));
  EXPECT_EQ(bytes.find(path), std::string::npos);
  EXPECT_EQ(bytes.find("/tmp"), std::string::npos);
  EXPECT_FALSE(llvm::sys::fs::exists(path + ".o"));
}

TEST(CodeGenTest, TableHoldsTheLaunches) {
  KernelProgram program("x86-64");
  Kernel kernel = program.kernels().add(5000);
  program.add(kernel);
  program.add(program.kernels().add(5000));
  ASSERT_NO_FATAL_FAILURE(program.load());
  const qeff_function &function = program.getTable()->functions[0];
  EXPECT_STREQ(function.name, "decode");
  EXPECT_EQ(function.arena_bytes, 64u);
  const qeff_launch &launch = function.launches[1];
  EXPECT_STREQ(launch.name, "add_5000");
  EXPECT_STREQ(launch.scope, "a.scope");
  EXPECT_EQ(launch.tiles, 3);
  EXPECT_EQ(launch.kernel, function.launches[0].kernel);
}

TEST(CodeGenTest, Errors) {
  KernelProgram program("x86-64");
  program.add(program.kernels().add(5));
  std::string message;
  mlir::ScopedDiagnosticHandler handler(
      program.getModule().getContext(), [&](mlir::Diagnostic &diagnostic) {
        message = diagnostic.str();
        return success();
      });
  EXPECT_TRUE(failed(compileProgram(program.getModule(), "/nowhere/p.so")));
  EXPECT_EQ(message,
            "cannot write '/nowhere/p.so.o': No such file or directory");
  EXPECT_TRUE(
      failed(compileProgram(program.getModule(), "p.so", {"cortex-a72"})));
  EXPECT_EQ(message, "expects an x86-64 CPU by its LLVM name, as \"znver4\" "
                     "or \"x86-64-v3\", got \"cortex-a72\"");
}

TEST(CodeGenTest, Targets) {
  MLIRContext context;
  Location loc = mlir::UnknownLoc::get(&context);
  auto lanes = [&](StringRef cpu) {
    return KernelTarget::get(loc, cpu)->getLanes();
  };
  EXPECT_EQ(lanes("generic"), 4);
  EXPECT_EQ(lanes("nehalem"), 4);
  EXPECT_EQ(lanes("haswell"), 8);
  EXPECT_EQ(lanes("znver3"), 8);
  EXPECT_EQ(lanes("znver4"), 16);
  EXPECT_EQ(lanes("skylake-avx512"), 16);
  EXPECT_TRUE(llvm::is_sorted(KernelTarget::get(loc, "znver4")->getFeatures()));
  KernelTarget native = *KernelTarget::get(loc, "native");
  EXPECT_EQ(KernelTarget::get(loc, native.cpu)->level, native.level);
}
