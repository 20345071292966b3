// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Regular expressions of Python 3.11's `re` in the syntax of PCRE2. Private to
// the adapter reader.
#ifndef QEFF_LIB_IMPORT_PYTHONPATTERN_H
#define QEFF_LIB_IMPORT_PYTHONPATTERN_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace qeff {

/// Most bytes of a pattern, and deepest nesting of its groups.
inline constexpr size_t kMaxPatternBytes = 1 << 16;
inline constexpr unsigned kMaxPatternDepth = 40;

struct TranslatedPattern {
  std::string text; ///< for PCRE2
  bool ignoreCase = false;
  bool multiLine = false;
  bool dotAll = false;
  llvm::StringMap<uint32_t> names; ///< number of each named group
};

/// Translates the Python pattern prefix + pattern + suffix, to be matched with
/// texts of printable ASCII: there both mean the same. The error is what
/// Python says of a wrong pattern, or the construct that PCRE2 has no equal of;
/// either ends with its place, counted in characters of `pattern` from 0.
llvm::Expected<TranslatedPattern>
translatePythonPattern(llvm::StringRef pattern, llvm::StringRef prefix = "",
                       llvm::StringRef suffix = "");

} // namespace qeff

#endif // QEFF_LIB_IMPORT_PYTHONPATTERN_H
