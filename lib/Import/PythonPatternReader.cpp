// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the characters and escapes of Python patterns.

#include "PythonPatternReader.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

#include <algorithm>

using namespace qeff;

/// Decodes UTF-8; bytes that are none stand for themselves.
static void decode(llvm::StringRef bytes, std::vector<uint32_t> &text) {
  const auto *at = reinterpret_cast<const llvm::UTF8 *>(bytes.begin());
  const auto *end = reinterpret_cast<const llvm::UTF8 *>(bytes.end());
  while (at != end) {
    llvm::UTF32 c = 0;
    const llvm::UTF8 *before = at;
    if (llvm::convertUTF8Sequence(&at, end, &c, llvm::strictConversion) !=
        llvm::conversionOK) {
      at = before;
      c = *at++;
    }
    text.push_back(c);
  }
}

PatternReader::PatternReader(llvm::StringRef prefix, llvm::StringRef pattern,
                             llvm::StringRef suffix) {
  decode(prefix, text);
  patternBegin = text.size();
  decode(pattern, text);
  patternEnd = text.size();
  decode(suffix, text);
}

bool qeff::isASCIIDigit(uint32_t c) { return c >= '0' && c <= '9'; }

bool qeff::isASCIILetter(uint32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool PatternReader::match(char c) {
  if (peek() != static_cast<unsigned char>(c)) {
    return false;
  }
  ++next;
  return true;
}

bool PatternReader::skipThrough(char end) {
  while (!atEnd()) {
    uint32_t c = get();
    if (c == static_cast<unsigned char>(end)) {
      return true;
    }
    if (c == '\\') {
      get();
    }
  }
  return false;
}

std::string PatternReader::getDigits(unsigned base, size_t count) {
  std::string digits;
  while (digits.size() < count && peek() < 128 &&
         llvm::hexDigitValue(static_cast<char>(peek())) < base) {
    digits += static_cast<char>(get());
  }
  return digits;
}

std::string PatternReader::describePlace(size_t at) const {
  size_t place = std::clamp(at, patternBegin, patternEnd) - patternBegin;
  return "at character " + std::to_string(place);
}

bool PatternReader::fail(const llvm::Twine &message, size_t at) {
  if (error.empty()) {
    error = ("expects a regular expression of Python, got '" + message + "' " +
             describePlace(at))
                .str();
  }
  return false;
}

bool PatternReader::unequal(const llvm::Twine &what, size_t at) {
  if (error.empty()) {
    error = ("expects a regular expression without " + what +
             ", which PCRE2 has no equal of, got one " + describePlace(at))
                .str();
  }
  return false;
}

bool PatternReader::readUntil(char end, llvm::StringRef what,
                              std::string &name) {
  size_t begin = tell();
  while (!atEnd()) {
    uint32_t c = get();
    if (c == static_cast<unsigned char>(end)) {
      return !name.empty() || fail("missing " + what, begin);
    }
    if (c >= 128) {
      return unequal(what + "s beyond ASCII", tell() - 1);
    }
    name += static_cast<char>(c);
  }
  return fail(llvm::Twine("missing ") + llvm::Twine(end) +
                  ", unterminated name",
              begin);
}

/// \x41, \u0041, \U00000041.
bool PatternReader::readCode(uint32_t c, size_t digits, size_t begin,
                             PatternEscape &escape) {
  std::string code = getDigits(16, digits);
  if (code.size() != digits) {
    return fail("incomplete escape \\" +
                    llvm::Twine(static_cast<char>(c)) + code,
                begin);
  }
  uint32_t value = 0;
  (void)llvm::StringRef(code).getAsInteger(16, value);
  if (value > 0x10ffff) {
    return fail("bad escape \\U" + code, begin);
  }
  if (value >= 0xd800 && value < 0xe000) {
    return unequal("halves of surrogate pairs", begin);
  }
  escape = {PatternEscape::Kind::Literal, value};
  return true;
}

/// Octal codes and numbers of groups.
bool PatternReader::readNumber(uint32_t c, bool inClass, size_t begin,
                               PatternEscape &escape) {
  std::string digits(1, static_cast<char>(c));
  bool octal = c == '0' || (inClass && c < '8');
  if (octal) {
    digits += getDigits(8, 2);
  } else if (inClass) {
    return fail("bad escape \\" + digits, begin);
  } else if (isASCIIDigit(peek())) {
    digits += static_cast<char>(get());
    if (digits[0] < '8' && digits[1] < '8' && peek() >= '0' && peek() < '8') {
      digits += static_cast<char>(get());
      octal = true;
    }
  }
  uint32_t value = 0;
  (void)llvm::StringRef(digits).getAsInteger(octal ? 8 : 10, value);
  if (octal && value > 0377) {
    return fail("octal escape value \\" + digits + " outside of range 0-0o377",
                begin);
  }
  escape = {octal ? PatternEscape::Kind::Literal
                  : PatternEscape::Kind::Reference,
            value};
  return true;
}

bool PatternReader::readEscape(bool inClass, PatternEscape &escape) {
  using Kind = PatternEscape::Kind;
  size_t begin = tell() - 1;
  if (atEnd()) {
    return fail("bad escape (end of pattern)", begin);
  }
  uint32_t c = get();
  if (c < 128 && llvm::StringRef("dDsSwW").contains(static_cast<char>(c))) {
    escape = {Kind::Category, c};
    return true;
  }
  if (!inClass && (c == 'A' || c == 'b' || c == 'B' || c == 'Z')) {
    escape = {Kind::Position, c};
    return true;
  }
  if (isASCIIDigit(c)) {
    return readNumber(c, inClass, begin, escape);
  }
  switch (c) {
  case 'x':
    return readCode(c, 2, begin, escape);
  case 'u':
    return readCode(c, 4, begin, escape);
  case 'U':
    return readCode(c, 8, begin, escape);
  case 'N':
    return unequal("characters by name (\\N{...})", begin);
  default:
    break;
  }
  constexpr llvm::StringRef kNames = "abfnrtv";
  constexpr llvm::StringRef kValues = "\a\b\f\n\r\t\v";
  if (isASCIILetter(c)) {
    size_t index = kNames.find(static_cast<char>(c));
    if (index == llvm::StringRef::npos) {
      return fail("bad escape \\" + llvm::Twine(static_cast<char>(c)), begin);
    }
    c = static_cast<unsigned char>(kValues[index]);
  }
  escape = {Kind::Literal, c};
  return true;
}
