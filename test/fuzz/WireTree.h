// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Protobuf messages as trees of fields, and random changes of such trees.
#ifndef QEFF_TEST_FUZZ_WIRETREE_H
#define QEFF_TEST_FUZZ_WIRETREE_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace qeff::fuzz {

struct WireField {
  uint64_t number = 0;
  unsigned type = 0;
  uint64_t value = 0;            ///< of a varint
  std::string bytes;             ///< of anything else that is no message
  std::vector<WireField> fields; ///< of a message
  bool isMessage = false;
};

/// The fields of `bytes`; false where these are no message. What looks like a
/// message inside becomes one.
bool parseWire(llvm::StringRef bytes, std::vector<WireField> &fields,
               int depth = 0);

void printWire(const std::vector<WireField> &fields, std::string &out);

/// Changes `fields` in one to three places.
void mutateWire(std::vector<WireField> &fields, std::mt19937 &random);

} // namespace qeff::fuzz

#endif // QEFF_TEST_FUZZ_WIRETREE_H
