// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sequences, repeats and classes of Python's regular expressions.

#include "PythonPatternTranslator.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <limits>
#include <system_error>

using namespace qeff;

/// Most repeats that PCRE2 counts.
static constexpr uint64_t kMaxRepeats = 65535;
static constexpr uint64_t kUnbounded = std::numeric_limits<uint64_t>::max();

bool PatternTranslator::run() {
  PatternWidth width;
  unsigned branches;
  if (!parseAlternatives(false, /*top=*/true, width, branches)) {
    return false;
  }
  if (!in.atEnd()) {
    return in.fail("unbalanced parenthesis", in.tell());
  }
  if (ignoresCase && hasWide) {
    return in.unequal("a character beyond ASCII whose case is ignored", 0);
  }
  return true;
}

void PatternTranslator::emitLiteral(uint32_t c) {
  hasWide |= c >= 128;
  if (isASCIIDigit(c) || isASCIILetter(c) || c == '_') {
    out += static_cast<char>(c);
  } else {
    out += "\\x{" + llvm::utohexstr(c) + "}";
  }
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

bool PatternTranslator::parseAlternatives(bool verbose, bool top,
                                          PatternWidth &width,
                                          unsigned &branches) {
  if (++depth > kMaxPatternDepth) {
    return in.unequal("groups nested deeper than " +
                          llvm::Twine(kMaxPatternDepth),
                      in.tell());
  }
  width = {kUnbounded, 0};
  for (branches = 1;; ++branches) {
    PatternWidth branch;
    bool atStart = top && branches == 1;
    if (!parseSequence(verbose, atStart, branch)) {
      return false;
    }
    width = {std::min(width.min, branch.min), std::max(width.max, branch.max)};
    if (!in.match('|')) {
      break;
    }
    out += '|';
  }
  --depth;
  return true;
}

/// Whether Python skips `c` in verbose patterns.
static bool isSpace(uint32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool PatternTranslator::parseSequence(bool &verbose, bool atStart,
                                      PatternWidth &width) {
  PatternItem item = PatternItem::None;
  PatternWidth last;
  while (!in.atEnd() && in.peek() != '|' && in.peek() != ')') {
    size_t begin = in.tell();
    uint32_t c = in.get();
    if (verbose && isSpace(c)) {
      continue;
    }
    if (verbose && c == '#') {
      in.skipThrough('\n');
      continue;
    }
    if (c == '(' && in.match('?')) {
      if (in.match('#')) {
        if (!in.skipThrough(')')) {
          return in.fail("missing ), unterminated comment", begin);
        }
        continue;
      }
      // Flags for the whole pattern, unless a colon follows.
      size_t flags = in.tell();
      while (isPatternFlag(in.peek())) {
        in.get();
      }
      if (in.tell() != flags && in.peek() == ')') {
        in.seek(flags);
        bool allowed = atStart && item == PatternItem::None;
        if (!parseGlobalFlags(begin, allowed, verbose)) {
          return false;
        }
        continue;
      }
      in.seek(begin + 1);
    }
    uint64_t min = 0;
    uint64_t max = 0;
    bool isRepeat = false;
    if (!readBounds(c, min, max, isRepeat)) {
      return false;
    }
    if (isRepeat) {
      if (!repeat(min, max, begin, item, last)) {
        return false;
      }
      continue;
    }
    width.append(last);
    last = {};
    if (!parseItem(c, verbose, item, last)) {
      return false;
    }
  }
  width.append(last);
  return true;
}

bool PatternTranslator::parseItem(uint32_t c, bool verbose, PatternItem &item,
                                  PatternWidth &width) {
  size_t begin = in.tell() - 1;
  item = PatternItem::Other;
  width = {1, 1};
  switch (c) {
  case '\\':
    return parseEscape(item, width);
  case '[':
    return parseClass();
  case '(':
    return parseGroup(begin, verbose, width);
  case '.':
    out += '.';
    return true;
  case '^':
  case '$':
    item = PatternItem::Position;
    width = {};
    out += static_cast<char>(c);
    return true;
  default:
    emitLiteral(c);
    return true;
  }
}

bool PatternTranslator::parseEscape(PatternItem &item, PatternWidth &width) {
  size_t begin = in.tell() - 1;
  PatternEscape escape;
  if (!in.readEscape(/*inClass=*/false, escape)) {
    return false;
  }
  switch (escape.kind) {
  case PatternEscape::Kind::Literal:
    emitLiteral(escape.value);
    return true;
  case PatternEscape::Kind::Category:
    out += {'\\', static_cast<char>(escape.value)};
    return true;
  case PatternEscape::Kind::Position:
    item = PatternItem::Position;
    width = {};
    // Python's \Z is the very end, which PCRE2 writes \z.
    out += {'\\', escape.value == 'Z' ? 'z' : static_cast<char>(escape.value)};
    return true;
  case PatternEscape::Kind::Reference:
    if (!refer(escape.value, begin)) {
      return false;
    }
    width = groups[escape.value - 1].width;
    out += "\\g{" + llvm::utostr(escape.value) + "}";
    return true;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Repeats
//===----------------------------------------------------------------------===//

/// Reads the rest of what `c` begins; leaves a brace that is none as it is.
bool PatternTranslator::readBounds(uint32_t c, uint64_t &min, uint64_t &max,
                                   bool &isRepeat) {
  size_t begin = in.tell();
  isRepeat = c == '*' || c == '+' || c == '?';
  min = c == '+' ? 1 : 0;
  max = c == '?' ? 1 : kUnbounded;
  if (c != '{' || in.peek() == '}') {
    return true;
  }
  std::string low = in.getDigits(10);
  std::string high = in.match(',') ? in.getDigits(10) : low;
  if (!in.match('}')) {
    in.seek(begin);
    return true;
  }
  isRepeat = true;
  for (auto [digits, bound] :
       {std::pair(&low, &min), std::pair(&high, &max)}) {
    if (!digits->empty() &&
        (llvm::StringRef(*digits).getAsInteger(10, *bound) ||
         *bound > kMaxRepeats)) {
      return in.unequal("more than " + llvm::Twine(kMaxRepeats) + " repeats",
                        begin);
    }
  }
  return max >= min ||
         in.fail("min repeat greater than max repeat", begin);
}

bool PatternTranslator::repeat(uint64_t min, uint64_t max, size_t begin,
                               PatternItem &item, PatternWidth &last) {
  if (item == PatternItem::None || item == PatternItem::Position) {
    return in.fail("nothing to repeat", begin);
  }
  if (item == PatternItem::Repeat) {
    return in.fail("multiple repeat", begin);
  }
  item = PatternItem::Repeat;
  out += "{" + llvm::utostr(min) + "," +
         (max == kUnbounded ? "" : llvm::utostr(max)) + "}";
  if (in.match('?')) {
    out += '?';
  } else if (in.match('+')) {
    out += '+';
  }
  last = {llvm::SaturatingMultiply(last.min, min),
          llvm::SaturatingMultiply(last.max, max)};
  return true;
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

bool PatternTranslator::parseClassItem(uint32_t c, PatternEscape &item) {
  if (c == '\\') {
    return in.readEscape(/*inClass=*/true, item);
  }
  item = {PatternEscape::Kind::Literal, c};
  return true;
}

bool PatternTranslator::parseClass() {
  size_t begin = in.tell() - 1;
  out += in.match('^') ? "[^" : "[";
  auto emit = [&](const PatternEscape &item) {
    if (item.kind == PatternEscape::Kind::Category) {
      out += {'\\', static_cast<char>(item.value)};
    } else {
      emitLiteral(item.value);
    }
  };
  for (bool empty = true;; empty = false) {
    size_t here = in.tell();
    uint32_t c = in.get();
    if (c == ']' && !empty) {
      break;
    }
    PatternEscape low;
    if (c == PatternReader::kEnd) {
      return in.fail("unterminated character set", begin);
    }
    if (!parseClassItem(c, low)) {
      return false;
    }
    emit(low);
    if (!in.match('-')) {
      continue;
    }
    c = in.get();
    if (c == PatternReader::kEnd) {
      return in.fail("unterminated character set", begin);
    }
    if (c == ']') {
      emitLiteral('-');
      break;
    }
    PatternEscape high;
    if (!parseClassItem(c, high)) {
      return false;
    }
    if (low.kind != PatternEscape::Kind::Literal ||
        high.kind != PatternEscape::Kind::Literal || high.value < low.value) {
      return in.fail("bad character range", here);
    }
    out += '-';
    emit(high);
  }
  out += ']';
  return true;
}

llvm::Expected<TranslatedPattern>
qeff::translatePythonPattern(llvm::StringRef pattern, llvm::StringRef prefix,
                             llvm::StringRef suffix) {
  PatternReader in(prefix, pattern, suffix);
  TranslatedPattern result;
  if (pattern.size() > kMaxPatternBytes) {
    in.unequal("more than " + llvm::Twine(kMaxPatternBytes) + " bytes", 0);
  } else if (PatternTranslator(in, result).run()) {
    return result;
  }
  return llvm::createStringError(
      std::make_error_code(std::errc::invalid_argument), in.getError());
}
