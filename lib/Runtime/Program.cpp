// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads program.so and compares its tables with the manifest.

#include "Program.h"

#include "Error.h"
#include "File.h"
#include "Manifest.h"

#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <unistd.h>

using namespace qeff::runtime;

namespace {
void expectEqual(uint64_t manifest, uint64_t program, const std::string &what) {
  if (manifest != program) {
    fail("program.so: expects ", what, " = ", manifest,
         " by the manifest, got ", program);
  }
}

const qeff_function *findFunction(const qeff_program_table &table,
                                  const char *name) {
  for (uint32_t i = 0; i < table.num_functions; ++i) {
    const char *candidate = table.functions[i].name;
    if (candidate && std::strcmp(candidate, name) == 0) {
      return &table.functions[i];
    }
  }
  return nullptr;
}

void checkLaunch(const qeff_launch &launch, const uint64_t (&segments)[5],
                 const std::string &where) {
  if (!launch.kernel || !launch.name || !launch.scope ||
      (launch.num_operands != 0 && !launch.operands)) {
    fail(where, ": expects a kernel, a name, a scope and operands, got null");
  }
  if (launch.tiles < 1) {
    fail(where, ": expects at least 1 tile, got ", launch.tiles);
  }
  static const char *const names[] = {"arena", "weights", "state", "io",
                                      "adapter"};
  for (uint32_t i = 0; i < launch.num_operands; ++i) {
    const qeff_operand &operand = launch.operands[i];
    if (operand.segment > QEFF_SEGMENT_ADAPTER) {
      fail(where, ": expects a segment in [0, 4] of operand ", i, ", got ",
           operand.segment);
    }
    uint64_t bytes = segments[operand.segment];
    if (operand.offset % 64 != 0 || operand.offset >= bytes) {
      fail(where, ": expects a multiple of 64 below ", bytes,
           " as the offset of operand ", i, " in the ",
           names[operand.segment], ", got ", operand.offset);
    }
  }
}
} // namespace

void qeff::runtime::checkProgram(const qeff_program_table &table,
                                 const Manifest &manifest) {
  if (table.abi_version != QEFF_PROGRAM_ABI_VERSION) {
    fail("program.so: expects ABI version ", QEFF_PROGRAM_ABI_VERSION,
         ", got ", table.abi_version);
  }
  expectEqual(manifest.functions.size(), table.num_functions,
              "the number of functions");
  expectEqual(manifest.weights.size, table.weights_bytes, "weights_bytes");
  expectEqual(manifest.stateBytes, table.state_bytes, "state_bytes");
  expectEqual(manifest.adapter.bytes, table.adapter_bytes, "adapter.bytes");
  if (!table.functions) {
    fail("program.so: expects functions, got null");
  }
  for (const FunctionDesc &desc : manifest.functions) {
    const qeff_function *function = findFunction(table, desc.name.c_str());
    if (!function) {
      fail("program.so: expects a function '", desc.name, "', got none");
    }
    std::string where = "program.so: '" + desc.name + "'";
    expectEqual(desc.arenaBytes, function->arena_bytes,
                "arena_bytes of '" + desc.name + "'");
    expectEqual(desc.ioBytes, function->io_bytes,
                "io_bytes of '" + desc.name + "'");
    if (function->num_launches != 0 && !function->launches) {
      fail(where, ": expects launches, got null");
    }
    uint64_t segments[5] = {function->arena_bytes, table.weights_bytes,
                            table.state_bytes, function->io_bytes,
                            table.adapter_bytes};
    for (uint64_t i = 0; i < function->num_launches; ++i) {
      checkLaunch(function->launches[i], segments,
                  where + ", launch " + std::to_string(i));
    }
  }
}

/// A path to the open file `fd` that no other load has used. The loader knows a
/// library by every path that it was asked for, as long as anybody uses it: of
/// a program that two models share, the one that goes first gives back a number
/// that the next file gets.
static std::string makeUniquePath(int fd) {
  static std::atomic<uint64_t> loads{0};
  std::string path = "/proc/self/fd";
  for (uint64_t bits = loads++; bits != 0; bits >>= 1) {
    path += (bits & 1) != 0 ? "/." : "/";
  }
  return path + "/" + std::to_string(fd);
}

Program::Program(std::unique_ptr<File> programFile)
    : file(std::move(programFile)) {
  // Through the open file: it is the one whose hash was checked, and a library
  // that was at its path before cannot be taken for it.
  std::string path = makeUniquePath(file->getFd());
  if (::access(path.c_str(), R_OK) != 0) {
    path = file->getPath(); // no /proc
  }
  handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *reason = ::dlerror();
    fail(file->getPath(), ": cannot load: ", reason ? reason : "");
  }
  table = static_cast<const qeff_program_table *>(
      ::dlsym(handle, QEFF_PROGRAM_SYMBOL));
  if (!table) {
    ::dlclose(handle);
    fail(file->getPath(), ": expects the symbol '", QEFF_PROGRAM_SYMBOL,
         "', got none");
  }
}

Program::~Program() { ::dlclose(handle); }

const qeff_function *Program::find(const char *name) const {
  return findFunction(*table, name);
}
