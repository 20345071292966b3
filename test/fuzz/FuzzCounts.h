// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Statistics of the fuzzers of the runtime, which link no LLVM.
#ifndef QEFF_TEST_FUZZ_FUZZCOUNTS_H
#define QEFF_TEST_FUZZ_FUZZCOUNTS_H

#include <cstdint>
#include <cstdio>

/// Printed when the process ends.
struct Counts {
  uint64_t executions = 0;
  uint64_t parsed = 0;   ///< inputs that the format's parser took
  uint64_t accepted = 0; ///< inputs that passed every check behind it
  ~Counts() {
    std::fprintf(stderr,
                 "fuzz-stats: executions=%llu past_parser=%llu accepted=%llu "
                 "past_parser_percent=%.1f\n",
                 (unsigned long long)executions, (unsigned long long)parsed,
                 (unsigned long long)accepted,
                 executions ? 100.0 * parsed / executions : 0);
  }
};

#endif // QEFF_TEST_FUZZ_FUZZCOUNTS_H
