// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matching with Python's regular expressions, in bounded steps. Private to the
// adapter reader.
#ifndef QEFF_LIB_IMPORT_PYTHONREGEX_H
#define QEFF_LIB_IMPORT_PYTHONREGEX_H

#include "qeff/Support/LLVM.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <optional>
#include <string>

namespace qeff {

class PythonRegex {
public:
  enum class Anchor {
    Match,     ///< as `re.match`: from the start of the text
    FullMatch, ///< as `re.fullmatch`: all of the text
  };

  /// Compiles prefix + pattern + suffix. Errors are those of
  /// `translatePythonPattern` and the limits of PCRE2.
  static llvm::Expected<PythonRegex> compile(StringRef pattern,
                                             StringRef prefix = "",
                                             StringRef suffix = "");

  /// Whether `text`, of printable ASCII, matches; an error where the limits on
  /// steps or depth are exceeded. With `group` and `captured`, the text of that
  /// group too, "" where it took no part.
  llvm::Expected<bool> matches(StringRef text, Anchor anchor,
                               StringRef group = "",
                               std::string *captured = nullptr) const;

  PythonRegex(PythonRegex &&);
  PythonRegex &operator=(PythonRegex &&);
  ~PythonRegex();

private:
  struct Program;
  PythonRegex();

  std::unique_ptr<Program> program;
  llvm::StringMap<uint32_t> names;
};

} // namespace qeff

#endif // QEFF_LIB_IMPORT_PYTHONREGEX_H
