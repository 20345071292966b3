// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of qeff-compile.
#ifndef QEFF_TOOLS_QEFFCOMPILE_OPTIONS_H
#define QEFF_TOOLS_QEFFCOMPILE_OPTIONS_H

#include "qeff/Pipelines/Compiler.h"

struct CommandLine {
  qeff::CompileOptions options;
  bool help = false;
  bool version = false;
};

/// Fills `commandLine`; returns the error, or "" if there is none.
std::string parseCommandLine(int argc, char **argv, CommandLine &commandLine);

extern const char *const helpText;

#endif // QEFF_TOOLS_QEFFCOMPILE_OPTIONS_H
