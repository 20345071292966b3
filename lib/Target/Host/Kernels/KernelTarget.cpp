// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The CPU that kernels are built for. Code uses one of the x86-64 levels, so
// that the list of features it needs is short and known.

#include "qeff/Target/Host/Kernels.h"

#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace qeff;
using namespace qeff::host;

// Sorted; the features that a level adds to the baseline of x86-64.
static constexpr StringRef kV3Features[] = {
    "avx",  "avx2",   "bmi",  "bmi2",   "f16c",   "fma",
    "lzcnt", "movbe", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"};
static constexpr StringRef kV4Features[] = {
    "avx",      "avx2",     "avx512bw", "avx512cd", "avx512dq", "avx512f",
    "avx512vl", "bmi",      "bmi2",     "f16c",     "fma",      "lzcnt",
    "movbe",    "popcnt",   "sse3",     "sse4.1",   "sse4.2",   "ssse3"};

static KernelTarget::Level
getLevel(llvm::function_ref<bool(StringRef)> hasFeature) {
  if (llvm::all_of(kV4Features, hasFeature)) {
    return KernelTarget::Level::V4;
  }
  if (llvm::all_of(kV3Features, hasFeature)) {
    return KernelTarget::Level::V3;
  }
  return KernelTarget::Level::Baseline;
}

FailureOr<KernelTarget> KernelTarget::get(Location loc, StringRef mcpu) {
  KernelTarget target;
  if (mcpu.empty() || mcpu == "native") {
    llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
    target.cpu = llvm::sys::getHostCPUName().str();
    if (llvm::X86::parseArchX86(target.cpu, /*Only64Bit=*/true) ==
        llvm::X86::CK_None) {
      target.cpu = "x86-64";
    }
    target.level = getLevel([&](StringRef f) { return features.lookup(f); });
    // A virtual machine may hide features of its CPU: then the name would
    // stand for more than there is.
    SmallVector<StringRef> named;
    llvm::X86::getFeaturesForCPU(target.cpu, named);
    if (getLevel([&](StringRef f) { return llvm::is_contained(named, f); }) !=
        target.level) {
      target.cpu = target.getLevelName().str();
    }
    return target;
  }
  if (mcpu == "generic") {
    return target;
  }
  if (llvm::X86::parseArchX86(mcpu, /*Only64Bit=*/true) ==
      llvm::X86::CK_None) {
    mlir::emitError(loc) << "expects an x86-64 CPU by its LLVM name, as "
                            "\"znver4\" or \"x86-64-v3\", got \""
                         << mcpu << "\"";
    return failure();
  }
  SmallVector<StringRef> features;
  llvm::X86::getFeaturesForCPU(mcpu, features);
  target.cpu = mcpu.str();
  target.level =
      getLevel([&](StringRef f) { return llvm::is_contained(features, f); });
  return target;
}

StringRef KernelTarget::getLevelName() const {
  switch (level) {
  case Level::Baseline:
    return "x86-64";
  case Level::V3:
    return "x86-64-v3";
  case Level::V4:
    return "x86-64-v4";
  }
  return "x86-64";
}

ArrayRef<StringRef> KernelTarget::getFeatures() const {
  switch (level) {
  case Level::Baseline:
    return {};
  case Level::V3:
    return kV3Features;
  case Level::V4:
    return kV4Features;
  }
  return {};
}

int64_t KernelTarget::getLanes() const {
  switch (level) {
  case Level::Baseline:
    return 4;
  case Level::V3:
    return 8;
  case Level::V4:
    return 16;
  }
  return 4;
}
