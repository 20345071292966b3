// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds kernels, compiles them by compileProgram and calls them through the
// table `qeff_program`, as the runtime does.
#ifndef QEFF_TEST_UNIT_HOST_KERNELPROGRAM_H
#define QEFF_TEST_UNIT_HOST_KERNELPROGRAM_H

#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"
#include "qeff/Runtime/ProgramABI.h"
#include "qeff/Target/Host/CodeGen.h"
#include "qeff/Target/Host/Kernels.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"

#include <gtest/gtest.h>

#include <cstring>
#include <dlfcn.h>
#include <random>
#include <string>
#include <vector>

namespace qeff::host::test {

class KernelProgram {
public:
  explicit KernelProgram(StringRef mcpu) : mcpu(mcpu.str()) {
    context.loadDialect<QEffDialect, QEffHostDialect>();
    module = ModuleOp::create(mlir::UnknownLoc::get(&context));
    library = std::make_unique<KernelLibrary>(
        *module, *KernelTarget::get(module->getLoc(), mcpu));
  }
  ~KernelProgram() {
    if (handle) {
      dlclose(handle);
    }
    for (const std::string &path : paths) {
      llvm::sys::fs::remove(path);
    }
  }

  KernelLibrary &kernels() { return *library; }
  FloatType type(StringRef name) {
    Builder b(&context);
    return name == "f16" ? FloatType(b.getF16Type())
                         : name == "bf16" ? FloatType(b.getBF16Type())
                                          : FloatType(b.getF32Type());
  }

  /// Adds a launch; gives its index.
  size_t add(Kernel kernel) {
    added.push_back(kernel);
    return added.size() - 1;
  }

  /// Compiles to a new file and gives its path, "" on failure.
  std::string compile() {
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    OperationState state(module->getLoc(), FunctionOp::getOperationName());
    state.addAttribute("sym_name", b.getStringAttr("decode"));
    state.addAttribute("arena_bytes", b.getI64IntegerAttr(64));
    state.addAttribute("io_bytes", b.getI64IntegerAttr(64));
    state.addAttribute("dims", b.getDictionaryAttr({}));
    state.addAttribute("inputs", b.getArrayAttr({}));
    state.addAttribute("outputs", b.getArrayAttr({}));
    state.addRegion()->emplaceBlock();
    auto function = cast<FunctionOp>(b.create(state));
    b.setInsertionPointToEnd(&function.getBody().front());
    for (Kernel kernel : added) {
      OperationState launch(module->getLoc(), LaunchOp::getOperationName());
      launch.addAttribute("kernel", kernel.symbol);
      launch.addAttribute("tiles", b.getI64IntegerAttr(kernel.tiles));
      launch.addAttribute("addresses", b.getArrayAttr({}));
      launch.addAttribute("bytes", b.getI64IntegerAttr(0));
      launch.addAttribute("scope", b.getStringAttr("a.scope"));
      b.create(launch);
    }
    SmallString<128> path;
    llvm::sys::fs::createTemporaryFile("kernels", "so", path);
    paths.push_back(std::string(path));
    LogicalResult result = compileProgram(*module, path, {mcpu});
    function.erase();
    return succeeded(result) ? std::string(path) : std::string();
  }

  void load() {
    std::string path = compile();
    ASSERT_FALSE(path.empty());
    handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle, nullptr) << dlerror();
    table = static_cast<const qeff_program_table *>(
        dlsym(handle, QEFF_PROGRAM_SYMBOL));
    ASSERT_NE(table, nullptr);
    ASSERT_EQ(table->abi_version, QEFF_PROGRAM_ABI_VERSION);
    ASSERT_EQ(table->functions[0].num_launches, added.size());
  }

  const qeff_program_table *getTable() const { return table; }

  /// Runs launch `index` in `parts` calls that split its tiles.
  void run(size_t index, std::vector<void *> operands, int64_t parts = 1) {
    const qeff_launch &launch = table->functions[0].launches[index];
    for (int64_t i = parts - 1; i >= 0; --i) {
      launch.kernel(operands.data(), launch.tiles * i / parts,
                    launch.tiles * (i + 1) / parts);
    }
  }

  ModuleOp getModule() { return *module; }

private:
  std::string mcpu;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<KernelLibrary> library;
  std::vector<Kernel> added;
  std::vector<std::string> paths;
  void *handle = nullptr;
  const qeff_program_table *table = nullptr;
};

/// The CPUs whose code this machine can run.
inline std::vector<std::string> getRunnableCPUs() {
  std::vector<std::string> cpus{"x86-64"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    cpus.push_back("x86-64-v3");
  }
  if (__builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512cd")) {
    cpus.push_back("x86-64-v4");
  }
  return cpus;
}

class KernelTest : public testing::TestWithParam<std::string> {
protected:
  std::vector<float> random(size_t count, float scale = 1.0f) {
    std::normal_distribution<float> normal(0.0f, scale);
    std::vector<float> values(count);
    for (float &value : values) {
      value = normal(engine);
    }
    return values;
  }
  std::mt19937 engine{7};
};

inline bool sameBits(ArrayRef<float> a, ArrayRef<float> b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

} // namespace qeff::host::test

#endif // QEFF_TEST_UNIT_HOST_KERNELPROGRAM_H
