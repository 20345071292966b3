// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the three files of a host QPC.

#include "qeff/Target/Host/Package.h"

#include "Manifest.h"
#include "SHA256.h"

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"
#include "qeff/Target/Host/CodeGen.h"
#include "qeff/Target/OutputFile.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace qeff;
using namespace qeff::host;

static InFlightDiagnostic emitFileError(ModuleOp module, StringRef what,
                                        StringRef path, std::error_code error) {
  return mlir::emitError(module.getLoc())
         << "cannot " << what << " '" << path << "': " << error.message();
}

static std::error_code getError() {
  return std::error_code(errno, std::generic_category());
}

/// Writes weights.bin; gaps between placements read as zeros.
static LogicalResult writeWeightsFile(ModuleOp module, StringRef path,
                                      EvaluatorOptions options,
                                      const ProgressFn &progress) {
  FailureOr<OutputFile> file = OutputFile::create(module.getLoc(), path);
  if (failed(file) || failed(file->resize(getWeightsBytes(module)))) {
    return failure();
  }
  SmallVector<WeightPlacement> placements;
  for (WeightsOp weights : module.getOps<WeightsOp>()) {
    for (PlaceOp place : weights.getOps<PlaceOp>()) {
      placements.emplace_back(place.getValue(), place.getOffset());
    }
  }
  options.outputName = path.str();
  if (failed(writeWeights(module, placements, file->getDescriptor(), options,
                          progress))) {
    return failure();
  }
  return file->commit();
}

/// Size and hash of a file that was just written.
static FailureOr<FileFacts> hashFile(ModuleOp module, StringRef path,
                                     const ProgressFn &progress) {
  std::string name = path.str();
  int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return emitFileError(module, "read", path, getError());
  }
  llvm::scope_exit close([&] { ::close(fd); });
  uint64_t size = 0;
  if (std::error_code error = llvm::sys::fs::file_size(path, size)) {
    return emitFileError(module, "read", path, error);
  }
  runtime::SHA256 hash;
  std::vector<char> buffer(size_t(1) << 20);
  FileFacts facts;
  while (true) {
    ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return emitFileError(module, "read", path, getError());
    }
    if (count == 0) {
      break;
    }
    hash.update(buffer.data(), static_cast<size_t>(count));
    facts.size += count;
    if (progress) {
      progress("hash", facts.size, static_cast<int64_t>(size));
    }
  }
  facts.sha256 = hash.final();
  return facts;
}

LogicalResult host::writeHostPackage(ModuleOp module, StringRef directory,
                                     const HostOptions &options,
                                     const ProgressFn &progress) {
  if (getPhase(module) != Phase::Host) {
    return mlir::emitError(module.getLoc(), "expects a module of phase host");
  }
  FailureOr<PackageFacts> facts = collectFacts(module);
  if (failed(facts)) {
    return failure();
  }
  if (std::error_code error = llvm::sys::fs::create_directories(
          directory, /*IgnoreExisting=*/true, llvm::sys::fs::all_all)) {
    return emitFileError(module, "create", directory, error);
  }
  auto getPath = [&](StringRef name) {
    SmallString<128> path(directory);
    llvm::sys::path::append(path, name);
    return path;
  };

  if (progress) {
    progress("code", 0, 1);
  }
  SmallString<128> program = getPath("program.so");
  if (failed(compileProgram(module, program))) {
    return failure();
  }
  if (progress) {
    progress("code", 1, 1);
  }
  SmallString<128> weights = getPath("weights.bin");
  if (failed(writeWeightsFile(module, weights, options.weights, progress))) {
    return failure();
  }
  FailureOr<FileFacts> programFacts = hashFile(module, program, {});
  FailureOr<FileFacts> weightsFacts = hashFile(module, weights, progress);
  if (failed(programFacts) || failed(weightsFacts)) {
    return failure();
  }
  facts->program = *programFacts;
  facts->weights = *weightsFacts;

  std::string manifest;
  llvm::raw_string_ostream stream(manifest);
  writeManifest(module, *facts, stream);
  return writeFile(module.getLoc(), getPath("qpc.json"), manifest);
}
