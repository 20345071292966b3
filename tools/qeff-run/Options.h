// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of qeff-run.

#ifndef QEFF_TOOLS_QEFFRUN_OPTIONS_H
#define QEFF_TOOLS_QEFFRUN_OPTIONS_H

#include <cstdint>
#include <string>
#include <vector>

struct Options {
  std::string package;
  std::vector<std::vector<int64_t>> rows;
  std::vector<int64_t> stopTokens;
  uint64_t maxNewTokens = 64;
  uint32_t threads = 0; ///< 0: one per core
  std::string trace;    ///< file, or empty
  std::string adapter;  ///< file or name, or empty: none
  bool stopAtEos = false;
  bool json = false;
  bool verify = false;
  bool help = false;
  bool version = false;
};

/// Fills `options`; returns the error, or "" if there is none.
std::string parseOptions(int argc, char **argv, Options &options);

extern const char *const helpText;

#endif // QEFF_TOOLS_QEFFRUN_OPTIONS_H
