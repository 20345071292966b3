// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds and calls the compiler of AI 100.

#include "qeff/Target/AIC100.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace qeff;

// Bytes of the compiler's output that an error shows.
static constexpr size_t kTail = 2000;

std::vector<std::string> qeff::getQPCArguments(const AIC100Options &options,
                                               bool hasState,
                                               StringRef directory,
                                               bool legacy) {
  auto path = [&](StringRef name) {
    SmallString<128> joined(directory);
    llvm::sys::path::append(joined, name);
    return joined.str().str();
  };
  std::vector<std::string> arguments = {
      "-aic-hw",
      legacy ? "-aic-hw-version=2.0" : "-aic-hw-version=ai100",
      "-m=" + path("model.onnx"),
  };
  if (hasState) {
    arguments.push_back("-retained-state");
  }
  arguments.push_back("-convert-to-fp16");
  if (options.mxfp6Matmul) {
    arguments.push_back("-mxfp6-matmul");
  }
  arguments.push_back("-aic-num-cores=" + std::to_string(options.numCores));
  if (legacy) {
    arguments.push_back("-compile-only");
  }
  arguments.push_back("-network-specialization-config=" +
                      path("specializations.json"));
  if (hasState) {
    arguments.push_back("-custom-IO-list-file=" + path("custom_io.yaml"));
  }
  arguments.push_back("-aic-binary-dir=" + path("qpc"));
  return arguments;
}

namespace {
struct Compiler {
  std::string program;
  bool legacy = false;
};
} // namespace

static std::optional<Compiler> findCompiler() {
  auto isLegacy = [](StringRef program) {
    return llvm::sys::path::filename(program).starts_with("qaic-exec");
  };
  if (auto named = llvm::sys::Process::GetEnv("QAIC_COMPILER");
      named && !named->empty()) {
    // A name without a folder is one of PATH.
    auto found = llvm::sys::findProgramByName(*named);
    return Compiler{found ? *found : *named, isLegacy(*named)};
  }
  StringRef folder = "/opt/qti-aic/exec";
  for (StringRef name : {"qaic-compile", "qaic-exec"}) {
    if (auto found = llvm::sys::findProgramByName(name, {folder})) {
      return Compiler{*found, isLegacy(name)};
    }
    if (auto found = llvm::sys::findProgramByName(name)) {
      return Compiler{*found, isLegacy(name)};
    }
  }
  return std::nullopt;
}

static std::string getTail(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    return "";
  }
  return (*buffer)->getBuffer().take_back(kTail).rtrim().str();
}

/// Runs `compiler`; an error shows `command`.
static LogicalResult runCompiler(Location loc, const Compiler &compiler,
                                 ArrayRef<std::string> arguments,
                                 StringRef command) {
  SmallVector<StringRef> words = {compiler.program};
  llvm::append_range(words, arguments);
  SmallString<128> log;
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("qaic-compile", "log", log)) {
    return mlir::emitError(loc) << "cannot create a temporary file: "
                                << error.message();
  }
  std::string message;
  bool notStarted = false;
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  int code = llvm::sys::ExecuteAndWait(compiler.program, words, std::nullopt,
                                       redirects, 0, 0, &message, &notStarted);
  std::string tail = getTail(log);
  llvm::sys::fs::remove(log);
  if (notStarted) {
    return mlir::emitError(loc) << "cannot start '" << compiler.program
                                << "': " << message;
  }
  if (code < 0) {
    return mlir::emitError(loc)
           << "the AI 100 compiler was killed by a signal: " << message << "\n"
           << command << "\n"
           << tail;
  }
  if (code != 0) {
    return mlir::emitError(loc) << "the AI 100 compiler failed with exit code "
                                << code << "\n" << command << "\n" << tail;
  }
  return success();
}

FailureOr<bool> qeff::compileQPC(Location loc, StringRef directory,
                                 const AIC100Options &options,
                                 std::string &message) {
  SmallString<128> absolute(directory);
  llvm::sys::fs::make_absolute(absolute);
  SmallString<128> customIO(absolute);
  llvm::sys::path::append(customIO, "custom_io.yaml");
  bool hasState = llvm::sys::fs::exists(customIO);
  std::optional<Compiler> compiler = findCompiler();
  if (!compiler) {
    message = "no QPC: neither qaic-compile nor qaic-exec was found; install "
              "Qualcomm's Cloud AI platform SDK or set QAIC_COMPILER, then run "
              "compile.sh in the package's folder aic100";
    return false;
  }
  SmallString<128> folder(absolute);
  llvm::sys::path::append(folder, "qpc");
  // The compiler refuses a folder that exists.
  llvm::sys::fs::remove_directories(folder);
  std::vector<std::string> arguments =
      getQPCArguments(options, hasState, absolute, compiler->legacy);
  // The folder's name may be a temporary one.
  std::string command =
      "command, in the package's folder: " + compiler->program + " " +
      llvm::join(getQPCArguments(options, hasState, "", compiler->legacy), " ");
  if (failed(runCompiler(loc, *compiler, arguments, command))) {
    return failure();
  }
  SmallString<128> program(folder);
  llvm::sys::path::append(program, "programqpc.bin");
  if (!llvm::sys::fs::exists(program)) {
    return mlir::emitError(loc)
           << "expects the AI 100 compiler to write qpc/programqpc.bin, which "
           << "is not there\n" << command;
  }
  return true;
}
