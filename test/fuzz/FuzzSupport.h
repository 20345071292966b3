// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the fuzzers of the importers share: statistics, mutation of JSON trees,
// and a module built from whatever a reader accepted.
#ifndef QEFF_TEST_FUZZ_FUZZSUPPORT_H
#define QEFF_TEST_FUZZ_FUZZSUPPORT_H

#include "qeff/Models/ModelFamily.h"

#include "llvm/Support/JSON.h"

#include <random>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

namespace qeff::fuzz {

/// Printed when the process ends.
struct Stats {
  uint64_t executions = 0;
  uint64_t pastParser = 0; ///< inputs that the format's parser took
  uint64_t accepted = 0;   ///< inputs that passed every check behind it
  ~Stats();
};
extern Stats stats;

/// Changes `tree` in one to three places.
void mutateJSON(llvm::json::Value &tree, std::mt19937 &random);

/// `value` without spaces.
std::string print(const llvm::json::Value &value);

/// Copies `text` to the mutator's buffer; 0 where it does not fit.
size_t copyBack(llvm::StringRef text, uint8_t *data, size_t max);

/// Describes and builds the model with diagnostics swallowed; whether a module
/// resulted, which is then verified (a failure aborts).
bool buildModel(const ModelFamily &family, const Checkpoint &checkpoint);

} // namespace qeff::fuzz

#endif // QEFF_TEST_FUZZ_FUZZSUPPORT_H
