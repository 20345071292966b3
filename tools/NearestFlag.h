// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a misspelt flag may mean, for the command lines.
#ifndef QEFF_TOOLS_NEARESTFLAG_H
#define QEFF_TOOLS_NEARESTFLAG_H

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

/// Insertions, deletions and replacements that make `b` of `a`.
inline size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

/// ", did you mean --FLAG?" for the flag nearest to `flag`, of those that begin
/// a line of `help`; "" where none is near, or `flag` is one of them.
inline std::string suggestFlag(std::string_view help, std::string_view flag) {
  constexpr std::string_view lineStart = "\n  -";
  // Half of a short name may not be replaced, nor more than two letters.
  size_t nearest = std::min<size_t>(2, flag.size() / 3) + 1;
  std::string_view found;
  for (size_t at = help.find(lineStart); at != help.npos;
       at = help.find(lineStart, at + 1)) {
    size_t end = help.find('\n', at + 1);
    std::string_view line = help.substr(at, end - at);
    size_t begin = line.find("--");
    if (begin == line.npos) {
      continue;
    }
    line.remove_prefix(begin);
    std::string_view known = line.substr(0, line.find_first_of("=, "));
    size_t distance = editDistance(flag, known);
    if (distance < nearest) {
      nearest = distance;
      found = known;
    }
  }
  return nearest == 0 || found.empty()
             ? ""
             : ", did you mean " + std::string(found) + "?";
}

#endif // QEFF_TOOLS_NEARESTFLAG_H
