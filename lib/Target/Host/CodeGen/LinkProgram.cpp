// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lld as a library.

#include "Internal.h"

#include "lld/Common/Driver.h"

#include "llvm/Support/Errno.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <thread>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace qeff;
using namespace qeff::host;

/// Reads `descriptor` to its end.
static void readAll(int descriptor, std::string &bytes) {
  char buffer[1 << 16];
  ssize_t count = 0;
  do {
    count = ::read(descriptor, buffer, sizeof(buffer));
    bytes.append(buffer, std::max<ssize_t>(count, 0));
  } while (count > 0 || (count < 0 && errno == EINTR));
}

/// Runs lld, its output through a pipe: lld maps regular files, and on a full
/// disk a store to a mapped file ends the process.
static bool runLinker(const std::string &objectPath, int pipeEnd,
                      std::string &messages, bool &usable) {
  std::string output = "/proc/self/fd/" + std::to_string(pipeEnd);
  const char *arguments[] = {
      "ld.lld",       "-shared",         "--no-undefined",   "--gc-sections",
      "--strip-all",  "--build-id=none", "--threads=1",      "--hash-style=gnu",
      "-o",           output.c_str(),    objectPath.c_str()};
  llvm::raw_string_ostream os(messages);
  lld::Result result = lld::lldMain(arguments, os, os,
                                    {{lld::Gnu, &lld::elf::link}});
  usable = result.canRunAgain;
  return result.retCode == 0;
}

LogicalResult qeff::host::linkProgram(Location loc, StringRef objectPath,
                                      std::string &program) {
  // lld keeps its state in globals, and may not run again after a crash.
  static std::mutex mutex;
  static bool usable = true;
  std::lock_guard<std::mutex> lock(mutex);
  if (!usable) {
    return mlir::emitError(loc, "the linker failed earlier in this process");
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return mlir::emitError(loc)
           << "cannot link: " << llvm::sys::StrError(errno);
  }
  std::thread reader([&] { readAll(ends[0], program); });
  std::string messages;
  bool linked = runLinker(objectPath.str(), ends[1], messages, usable);
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  if (!linked) {
    return mlir::emitError(loc) << "cannot link " << objectPath << ": "
                                << StringRef(messages).trim();
  }
  return success();
}
