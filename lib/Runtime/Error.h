// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the runtime's parts report failure: an exception with the message that
// the C interface hands out. It never leaves the library.

#ifndef QEFF_LIB_RUNTIME_ERROR_H
#define QEFF_LIB_RUNTIME_ERROR_H

#include <sstream>
#include <stdexcept>
#include <string>

namespace qeff::runtime {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws an Error whose message is the arguments, streamed one by one.
template <typename... Args>
[[noreturn]] void fail(const Args &...args) {
  std::ostringstream os;
  (os << ... << args);
  throw Error(os.str());
}

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_ERROR_H
