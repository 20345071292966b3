// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups and flags of Python's regular expressions.

#include "PythonPatternTranslator.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <iterator>

using namespace qeff;

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

bool PatternTranslator::refer(uint64_t group, size_t at) {
  if (group == 0 || group > groups.size()) {
    return in.fail("invalid group reference " + llvm::Twine(group), at);
  }
  if (groups[group - 1].open) {
    return in.fail("cannot refer to an open group", at);
  }
  return lookbehinds == 0 ||
         in.unequal("a reference inside a lookbehind", at);
}

/// The alternatives and the parenthesis that ends them.
bool PatternTranslator::parseBody(size_t begin, bool verbose,
                                  PatternWidth &width, unsigned *branches) {
  unsigned count;
  if (!parseAlternatives(verbose, /*top=*/false, width,
                         branches ? *branches : count)) {
    return false;
  }
  if (!in.match(')')) {
    return in.fail("missing ), unterminated subpattern", begin);
  }
  out += ')';
  return true;
}

bool PatternTranslator::parseCapture(size_t begin, llvm::StringRef name,
                                     bool verbose, PatternWidth &width) {
  size_t index = groups.size();
  groups.push_back({});
  if (!name.empty() &&
      !result.names.try_emplace(name, index + 1).second) {
    return in.fail("redefinition of group name '" + name + "'", begin);
  }
  out += '(';
  if (!parseBody(begin, verbose, width)) {
    return false;
  }
  groups[index] = {false, width};
  return true;
}

bool PatternTranslator::parseGroup(size_t begin, bool verbose,
                                   PatternWidth &width) {
  if (!in.match('?')) {
    return parseCapture(begin, "", verbose, width);
  }
  uint32_t c = in.get();
  switch (c) {
  case 'P':
    return parseNamed(begin, verbose, width);
  case ':':
    out += "(?:";
    return parseBody(begin, verbose, width);
  case '>':
    out += "(?>";
    return parseBody(begin, verbose, width);
  case '=':
  case '!':
    width = {};
    out += {'(', '?', static_cast<char>(c)};
    return parseLook(begin, /*behind=*/false, verbose);
  case '<':
    width = {};
    c = in.get();
    if (c != '=' && c != '!') {
      return in.fail("unknown extension ?<", begin);
    }
    out += {'(', '?', '<', static_cast<char>(c)};
    return parseLook(begin, /*behind=*/true, verbose);
  case '(':
    return parseConditional(begin, verbose, width);
  case PatternReader::kEnd:
    return in.fail("unexpected end of pattern", begin);
  default:
    return parseLocalFlags(begin, c, verbose, width);
  }
}

static bool isIdentifier(llvm::StringRef name) {
  return !name.empty() && !isASCIIDigit(name.front()) &&
         llvm::all_of(name, [](char c) {
           return c == '_' || isASCIIDigit(c) || isASCIILetter(c);
         });
}

bool PatternTranslator::parseNamed(size_t begin, bool verbose,
                                   PatternWidth &width) {
  std::string name;
  if (in.match('<')) {
    if (!in.readUntil('>', "group name", name)) {
      return false;
    }
    if (!isIdentifier(name)) {
      return in.fail("bad character in group name '" + name + "'", begin);
    }
    return parseCapture(begin, name, verbose, width);
  }
  if (!in.match('=')) {
    return in.fail("unknown extension ?P", begin);
  }
  if (!in.readUntil(')', "group name", name)) {
    return false;
  }
  auto entry = result.names.find(name);
  if (entry == result.names.end()) {
    return in.fail("unknown group name '" + name + "'", begin);
  }
  if (!refer(entry->second, begin)) {
    return false;
  }
  width = groups[entry->second - 1].width;
  out += "\\g{" + llvm::utostr(entry->second) + "}";
  return true;
}

bool PatternTranslator::parseLook(size_t begin, bool behind, bool verbose) {
  PatternWidth width;
  lookbehinds += behind;
  if (!parseBody(begin, verbose, width)) {
    return false;
  }
  lookbehinds -= behind;
  return !behind || width.min == width.max ||
         in.fail("look-behind requires fixed-width pattern", begin);
}

bool PatternTranslator::parseConditional(size_t begin, bool verbose,
                                         PatternWidth &width) {
  std::string name;
  if (!in.readUntil(')', "group name", name)) {
    return false;
  }
  uint64_t group = 0;
  auto entry = result.names.find(name);
  if (entry != result.names.end()) {
    group = entry->second;
  } else if (llvm::StringRef(name).getAsInteger(10, group)) {
    return in.fail("unknown group name '" + name + "'", begin);
  }
  if (!refer(group, begin)) {
    return false;
  }
  out += "(?(" + llvm::utostr(group) + ")";
  unsigned branches = 0;
  if (!parseBody(begin, verbose, width, &branches)) {
    return false;
  }
  if (branches == 1) {
    width.min = 0;
  }
  return branches <= 2 ||
         in.fail("conditional backref with more than two branches", begin);
}

//===----------------------------------------------------------------------===//
// Flags
//===----------------------------------------------------------------------===//

/// Flags that change how ASCII is matched, and x, which this parser resolves;
/// a and u change nothing here.
static constexpr llvm::StringRef kMatchFlags = "ims";

bool qeff::isPatternFlag(uint32_t c) {
  return c < 128 &&
         llvm::StringRef("aiLmsux").contains(static_cast<char>(c));
}

/// (?i), (?s)(?x), …
bool PatternTranslator::parseGlobalFlags(size_t begin, bool allowed,
                                         bool &verbose) {
  bool hasASCII = false;
  bool hasUnicode = false;
  for (uint32_t c; (c = in.get()) != ')';) {
    switch (c) {
    case 'i':
      result.ignoreCase = ignoresCase = true;
      break;
    case 'm':
      result.multiLine = true;
      break;
    case 's':
      result.dotAll = true;
      break;
    case 'x':
      verbose = true;
      break;
    case 'a':
      hasASCII = true;
      break;
    case 'u':
      hasUnicode = true;
      break;
    default:
      return in.fail("unknown flag", in.tell() - 1);
    }
  }
  if (hasASCII && hasUnicode) {
    return in.fail("bad inline flags", begin);
  }
  return allowed || in.fail("global flags not at the start of the expression",
                            begin);
}

/// (?i:…), (?i-sx:…); `c` is the first flag or the minus.
bool PatternTranslator::parseLocalFlags(size_t begin, uint32_t c, bool verbose,
                                        PatternWidth &width) {
  if (c != '-' && !isPatternFlag(c)) {
    return in.fail("unknown extension ?", begin);
  }
  std::string on, off;
  std::string *flags = &on;
  for (; c != ':'; c = in.get()) {
    if (c == '-' && flags == &on) {
      flags = &off;
      continue;
    }
    if (c >= 128 ||
        !llvm::StringRef(flags == &on ? "aimsux" : "imsx")
             .contains(static_cast<char>(c))) {
      return in.fail("bad inline flags", in.tell() - 1);
    }
    *flags += static_cast<char>(c);
  }
  bool both = llvm::any_of(off, [&](char f) {
    return llvm::StringRef(on).contains(f);
  });
  if (both || (flags == &off && off.empty()) ||
      (llvm::StringRef(on).contains('a') &&
       llvm::StringRef(on).contains('u'))) {
    return in.fail("bad inline flags", begin);
  }
  ignoresCase |= llvm::StringRef(on).contains('i');
  verbose = (verbose || llvm::StringRef(on).contains('x')) &&
            !llvm::StringRef(off).contains('x');
  auto isMatchFlag = [](char f) { return kMatchFlags.contains(f); };
  out += "(?";
  llvm::copy_if(on, std::back_inserter(out), isMatchFlag);
  if (llvm::any_of(off, isMatchFlag)) {
    out += '-';
    llvm::copy_if(off, std::back_inserter(out), isMatchFlag);
  }
  out += ':';
  return parseBody(begin, verbose, width);
}
