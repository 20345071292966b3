// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The characters of a Python pattern, its escapes, and the error that reading
// it ends with. Private to the adapter reader.
#ifndef QEFF_LIB_IMPORT_PYTHONPATTERNREADER_H
#define QEFF_LIB_IMPORT_PYTHONPATTERNREADER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <cstdint>
#include <string>
#include <vector>

namespace qeff {

/// What a backslash begins.
struct PatternEscape {
  enum class Kind {
    Literal,   ///< the character `value`
    Category,  ///< \d, \D, \s, \S, \w, \W: the letter `value`
    Position,  ///< \A, \b, \B, \Z: the letter `value`
    Reference, ///< the group of number `value`
  };
  Kind kind = Kind::Literal;
  uint32_t value = 0;
};

/// Methods that return bool are false after an error, of which the first is
/// kept.
class PatternReader {
public:
  static constexpr uint32_t kEnd = ~0u;

  /// Places in errors count from the first character of `pattern`. All three
  /// are UTF-8 (ASCII is, JSON strings are).
  PatternReader(llvm::StringRef prefix, llvm::StringRef pattern,
                llvm::StringRef suffix);

  size_t tell() const { return next; }
  void seek(size_t to) { next = to; }
  bool atEnd() const { return next == text.size(); }
  uint32_t peek() const { return atEnd() ? kEnd : text[next]; }
  uint32_t get() { return atEnd() ? kEnd : text[next++]; }
  bool match(char c);
  /// Skips a comment that ends with `end`, which a backslash before it hides;
  /// false where the pattern ends first.
  bool skipThrough(char end);

  /// Digits of base 8, 10 or 16, at most `count`; none where there are none.
  std::string getDigits(unsigned base, size_t count = ~size_t(0));

  /// Reads what a backslash, read already, begins.
  bool readEscape(bool inClass, PatternEscape &escape);

  /// Reads up to `end`, which is read too; `what` is missing otherwise.
  bool readUntil(char end, llvm::StringRef what, std::string &name);

  /// Python refuses the pattern with `message`.
  bool fail(const llvm::Twine &message, size_t at);
  /// Python takes `what`, for which there is no equal.
  bool unequal(const llvm::Twine &what, size_t at);

  const std::string &getError() const { return error; }

private:
  bool readCode(uint32_t c, size_t digits, size_t begin,
                PatternEscape &escape);
  bool readNumber(uint32_t c, bool inClass, size_t begin,
                  PatternEscape &escape);
  std::string describePlace(size_t at) const;

  std::vector<uint32_t> text;
  size_t next = 0;
  size_t patternBegin = 0;
  size_t patternEnd = 0;
  std::string error;
};

bool isASCIIDigit(uint32_t c);
bool isASCIILetter(uint32_t c);

} // namespace qeff

#endif // QEFF_LIB_IMPORT_PYTHONPATTERNREADER_H
