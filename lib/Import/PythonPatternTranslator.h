// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A parser of Python's regular expressions that emits every construct in a
// spelling that PCRE2 reads in one way only. It tracks what Python checks:
// groups, the widths of lookbehinds, and what a repeat applies to. Private to
// the adapter reader.
#ifndef QEFF_LIB_IMPORT_PYTHONPATTERNTRANSLATOR_H
#define QEFF_LIB_IMPORT_PYTHONPATTERNTRANSLATOR_H

#include "PythonPattern.h"
#include "PythonPatternReader.h"

#include "llvm/Support/MathExtras.h"

#include <vector>

namespace qeff {

/// How many characters something matches.
struct PatternWidth {
  uint64_t min = 0;
  uint64_t max = 0;

  void append(PatternWidth next) {
    min = llvm::SaturatingAdd(min, next.min);
    max = llvm::SaturatingAdd(max, next.max);
  }
};

/// What a repeat would apply to.
enum class PatternItem { None, Position, Repeat, Other };

struct PatternGroup {
  bool open = true;
  PatternWidth width;
};

/// Whether `c` is a flag in (?…).
bool isPatternFlag(uint32_t c);

class PatternTranslator {
public:
  PatternTranslator(PatternReader &in, TranslatedPattern &result)
      : in(in), result(result), out(result.text) {}

  bool run();

private:
  bool parseAlternatives(bool verbose, bool top, PatternWidth &width,
                         unsigned &branches);
  bool parseSequence(bool &verbose, bool atStart, PatternWidth &width);
  bool parseItem(uint32_t c, bool verbose, PatternItem &item,
                 PatternWidth &width);
  bool parseEscape(PatternItem &item, PatternWidth &width);
  bool parseClass();
  bool parseClassItem(uint32_t c, PatternEscape &item);
  bool readBounds(uint32_t c, uint64_t &min, uint64_t &max, bool &isRepeat);
  bool repeat(uint64_t min, uint64_t max, size_t begin, PatternItem &item,
              PatternWidth &last);
  bool parseGroup(size_t begin, bool verbose, PatternWidth &width);
  bool parseNamed(size_t begin, bool verbose, PatternWidth &width);
  bool parseLook(size_t begin, bool behind, bool verbose);
  bool parseConditional(size_t begin, bool verbose, PatternWidth &width);
  bool parseLocalFlags(size_t begin, uint32_t c, bool verbose,
                       PatternWidth &width);
  bool parseGlobalFlags(size_t begin, bool allowed, bool &verbose);
  bool parseCapture(size_t begin, llvm::StringRef name, bool verbose,
                    PatternWidth &width);
  bool parseBody(size_t begin, bool verbose, PatternWidth &width,
                 unsigned *branches = nullptr);
  bool refer(uint64_t group, size_t at);
  void emitLiteral(uint32_t c);

  PatternReader &in;
  TranslatedPattern &result;
  std::string &out;
  std::vector<PatternGroup> groups; ///< the group of number 1 first
  bool ignoresCase = false;         ///< anywhere
  bool hasWide = false;             ///< has a character beyond ASCII
  unsigned lookbehinds = 0;         ///< that are open
  unsigned depth = 0;
};

} // namespace qeff

#endif // QEFF_LIB_IMPORT_PYTHONPATTERNTRANSLATOR_H
