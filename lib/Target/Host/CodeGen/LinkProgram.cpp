// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lld as a library.

#include "Internal.h"

#include "lld/Common/Driver.h"

#include "llvm/Support/raw_ostream.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace qeff;
using namespace qeff::host;

LogicalResult qeff::host::linkProgram(Location loc, StringRef objectPath,
                                      StringRef outputPath) {
  // lld keeps its state in globals, and may not run again after a crash.
  static std::mutex mutex;
  static bool usable = true;
  std::lock_guard<std::mutex> lock(mutex);
  if (!usable) {
    mlir::emitError(loc, "the linker failed earlier in this process");
    return failure();
  }
  std::string object = objectPath.str(), output = outputPath.str();
  const char *arguments[] = {
      "ld.lld",       "-shared",         "--no-undefined", "--gc-sections",
      "--strip-all",  "--build-id=none", "--threads=1",    "--hash-style=gnu",
      "-o",           output.c_str(),    object.c_str()};
  std::string messages;
  llvm::raw_string_ostream os(messages);
  lld::Result result = lld::lldMain(arguments, os, os,
                                    {{lld::Gnu, &lld::elf::link}});
  usable = result.canRunAgain;
  if (result.retCode != 0) {
    mlir::emitError(loc) << "cannot link " << outputPath << ": "
                         << StringRef(messages).trim();
    return failure();
  }
  return success();
}
