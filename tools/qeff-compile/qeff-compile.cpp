// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler driver: a model in, a package or a module out.

#include "../ProgressBar.h"
#include "Options.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <csignal>
#include <cstdio>
#include <string_view>

namespace {
mlir::LogicalResult run(const CommandLine &commandLine) {
  mlir::MLIRContext context;
  ProgressBar bar;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        bar.close();
        mlir::DiagnosticSeverity severity = diagnostic.getSeverity();
        std::fprintf(stderr, "qeff-compile: %s: %s\n",
                     severity == mlir::DiagnosticSeverity::Error ? "error"
                     : severity == mlir::DiagnosticSeverity::Warning
                         ? "warning"
                         : "note",
                     qeff::formatDiagnostic(diagnostic).c_str());
        return mlir::success();
      });
  return qeff::compile(
      &context, commandLine.options,
      [&](std::string_view stage, int64_t done, int64_t total) {
        bar.draw(stage, done, total);
      },
      [&](llvm::StringRef text) {
        bar.close();
        std::fprintf(stderr, "qeff-compile: note: %s\n", text.str().c_str());
      });
}
} // namespace

int main(int argc, char **argv) {
  // A full pipe or disk is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  CommandLine commandLine;
  std::string error = parseCommandLine(argc, argv, commandLine);
  if (!error.empty()) {
    std::fprintf(stderr, "qeff-compile: error: %s\n", error.c_str());
    return 1;
  }
  if (commandLine.help || commandLine.version) {
    std::fputs(commandLine.help ? helpText : "qeff-compile " QEFF_VERSION "\n",
               stdout);
    return 0;
  }
  return mlir::failed(run(commandLine)) ? 1 : 0;
}
