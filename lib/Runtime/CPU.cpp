// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CPU features by cpuid, under LLVM's names.

#include "CPU.h"

#include "Error.h"
#include "Manifest.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace qeff::runtime;

#if defined(__x86_64__)
namespace {
constexpr const char *hostArch = "x86_64";

enum Register { EAX, EBX, ECX, EDX };

/// Register state that the operating system must save, as bits of XCR0.
constexpr uint64_t noState = 0;
constexpr uint64_t avxState = 0x6;
constexpr uint64_t avx512State = 0xe6;
constexpr uint64_t amxState = 0x60000;

struct Feature {
  const char *name;
  uint32_t leaf;
  uint32_t subleaf;
  Register reg;
  int bit;
  uint64_t state;
};

// Intel SDM volume 2A (CPUID) and AMD APM volume 3, appendix E.
constexpr Feature featureTable[] = {
    {"sse3", 1, 0, ECX, 0, noState},
    {"pclmul", 1, 0, ECX, 1, noState},
    {"ssse3", 1, 0, ECX, 9, noState},
    {"fma", 1, 0, ECX, 12, avxState},
    {"cx16", 1, 0, ECX, 13, noState},
    {"sse4.1", 1, 0, ECX, 19, noState},
    {"sse4.2", 1, 0, ECX, 20, noState},
    {"crc32", 1, 0, ECX, 20, noState},
    {"movbe", 1, 0, ECX, 22, noState},
    {"popcnt", 1, 0, ECX, 23, noState},
    {"aes", 1, 0, ECX, 25, noState},
    {"avx", 1, 0, ECX, 28, avxState},
    {"f16c", 1, 0, ECX, 29, avxState},
    {"rdrnd", 1, 0, ECX, 30, noState},
    {"cx8", 1, 0, EDX, 8, noState},
    {"cmov", 1, 0, EDX, 15, noState},
    {"mmx", 1, 0, EDX, 23, noState},
    {"fxsr", 1, 0, EDX, 24, noState},
    {"sse", 1, 0, EDX, 25, noState},
    {"sse2", 1, 0, EDX, 26, noState},
    {"fsgsbase", 7, 0, EBX, 0, noState},
    {"bmi", 7, 0, EBX, 3, noState},
    {"avx2", 7, 0, EBX, 5, avxState},
    {"bmi2", 7, 0, EBX, 8, noState},
    {"avx512f", 7, 0, EBX, 16, avx512State},
    {"avx512dq", 7, 0, EBX, 17, avx512State},
    {"adx", 7, 0, EBX, 19, noState},
    {"avx512ifma", 7, 0, EBX, 21, avx512State},
    {"clflushopt", 7, 0, EBX, 23, noState},
    {"avx512cd", 7, 0, EBX, 28, avx512State},
    {"sha", 7, 0, EBX, 29, noState},
    {"avx512bw", 7, 0, EBX, 30, avx512State},
    {"avx512vl", 7, 0, EBX, 31, avx512State},
    {"avx512vbmi", 7, 0, ECX, 1, avx512State},
    {"avx512vbmi2", 7, 0, ECX, 6, avx512State},
    {"gfni", 7, 0, ECX, 8, noState},
    {"vaes", 7, 0, ECX, 9, avxState},
    {"vpclmulqdq", 7, 0, ECX, 10, avxState},
    {"avx512vnni", 7, 0, ECX, 11, avx512State},
    {"avx512bitalg", 7, 0, ECX, 12, avx512State},
    {"avx512vpopcntdq", 7, 0, ECX, 14, avx512State},
    {"avx512vp2intersect", 7, 0, EDX, 8, avx512State},
    {"amx-bf16", 7, 0, EDX, 22, amxState},
    {"avx512fp16", 7, 0, EDX, 23, avx512State},
    {"amx-tile", 7, 0, EDX, 24, amxState},
    {"amx-int8", 7, 0, EDX, 25, amxState},
    {"avxvnni", 7, 1, EAX, 4, avxState},
    {"avx512bf16", 7, 1, EAX, 5, avx512State},
    {"avxifma", 7, 1, EAX, 23, avxState},
    {"avxvnniint8", 7, 1, EDX, 4, avxState},
    {"avxneconvert", 7, 1, EDX, 5, avxState},
    {"avxvnniint16", 7, 1, EDX, 10, avxState},
    {"sahf", 0x80000001, 0, ECX, 0, noState},
    {"lzcnt", 0x80000001, 0, ECX, 5, noState},
    {"sse4a", 0x80000001, 0, ECX, 6, noState},
    {"prfchw", 0x80000001, 0, ECX, 8, noState},
    {"64bit", 0x80000001, 0, EDX, 29, noState},
};

uint64_t readXCR0() {
  unsigned regs[4];
  constexpr int osxsave = 27;
  if (!__get_cpuid(1, &regs[0], &regs[1], &regs[2], &regs[3]) ||
      !(regs[ECX] >> osxsave & 1)) {
    return 0;
  }
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

bool hasFeature(const std::string &name) {
  static const uint64_t xcr0 = readXCR0();
  for (const Feature &feature : featureTable) {
    if (name != feature.name) {
      continue;
    }
    unsigned regs[4];
    return __get_cpuid_count(feature.leaf, feature.subleaf, &regs[0],
                             &regs[1], &regs[2], &regs[3]) &&
           (regs[feature.reg] >> feature.bit & 1) &&
           (xcr0 & feature.state) == feature.state;
  }
  return false;
}
} // namespace
#elif defined(__aarch64__)
static constexpr const char *hostArch = "aarch64";
static bool hasFeature(const std::string &name) {
  // ARMv8-A has these two always; no table for the optional ones.
  return name == "neon" || name == "fp-armv8";
}
#else
#error "expects x86-64 or AArch64"
#endif

std::vector<std::string> qeff::runtime::getMissingFeatures(
    const std::vector<std::string> &features) {
  std::vector<std::string> missing;
  for (const std::string &feature : features) {
    if (!hasFeature(feature)) {
      missing.push_back(feature);
    }
  }
  return missing;
}

void qeff::runtime::checkCPU(const Manifest &manifest) {
  std::string arch = manifest.triple.substr(0, manifest.triple.find('-'));
  if (arch != hostArch || manifest.triple.find("linux") == std::string::npos) {
    fail("cpu.triple: expects ", hostArch, " linux, got '", manifest.triple,
         "'; compile the model on or for this machine");
  }
  std::string names;
  for (const std::string &name : getMissingFeatures(manifest.cpuFeatures)) {
    names += names.empty() ? name : ", " + name;
  }
  if (!names.empty()) {
    fail("cpu.features: the package is for the CPU '", manifest.cpuName,
         "'; this CPU lacks ", names, "; compile with --mcpu for this one");
  }
}
