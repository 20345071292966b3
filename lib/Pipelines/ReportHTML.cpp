// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text, numbers and bars.

#include "ReportHTML.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace qeff;

std::string qeff::escape(StringRef text) {
  std::string valid =
      llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
  std::string result;
  for (char c : valid) {
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    case '\'':
      result += "&#39;";
      break;
    case '\n':
      result += c;
      break;
    default:
      // Control characters are no characters of HTML.
      bool isControl = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      result += isControl ? std::string("\xEF\xBF\xBD") : std::string(1, c);
    }
  }
  return result;
}

std::string qeff::printCount(int64_t count) {
  std::string text = std::to_string(count);
  for (int64_t at = static_cast<int64_t>(text.size()) - 3; at > (count < 0);
       at -= 3) {
    text.insert(static_cast<size_t>(at), ",");
  }
  return text;
}

std::string qeff::printCount(int64_t count, StringRef one) {
  return printCount(count) + " " + one.str() + (count == 1 ? "" : "s");
}

std::string qeff::printBytes(int64_t bytes) {
  static constexpr StringRef kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::format(unit == 0 || value >= 100 ? "%.0f"
                     : value >= 10             ? "%.1f"
                                               : "%.2f",
                     value)
     << " " << kUnits[unit];
  return text;
}

void qeff::writeBar(llvm::raw_ostream &os, double share) {
  os << "<svg class=\"bar\" viewBox=\"0 0 100 10\" "
        "preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"ground\" width=\"100\" "
        "height=\"10\"/><rect class=\"c0\" width=\""
     << llvm::format("%.2f", 100 * share) << "\" height=\"10\"/></svg>";
}

void qeff::writeStackedBar(llvm::raw_ostream &os, StringRef label,
                           std::vector<BarPart> parts) {
  constexpr size_t kColors = 7;
  double total = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    total += static_cast<double>(parts[i].value);
    if (i > kColors) {
      parts[kColors].value += parts[i].value;
    }
  }
  if (parts.size() > kColors + 1) {
    parts.resize(kColors + 1);
    parts.back().name = "other";
  }
  os << "<figure><svg class=\"stack\" viewBox=\"0 0 1000 10\" "
        "preserveAspectRatio=\"none\" role=\"img\" aria-label=\""
     << escape(label) << "\">";
  double at = 0;
  for (auto [index, part] : llvm::enumerate(parts)) {
    double width =
        1000 * static_cast<double>(part.value) / std::max(total, 1.0);
    os << "<rect class=\"c" << index << "\" x=\"" << llvm::format("%.2f", at)
       << "\" width=\"" << llvm::format("%.2f", width)
       << "\" height=\"10\"><title>" << escape(part.name) << ": "
       << printBytes(part.value) << "</title></rect>";
    at += width;
  }
  os << "</svg><figcaption><ul class=\"legend\">";
  for (auto [index, part] : llvm::enumerate(parts)) {
    os << "<li><svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\">"
          "<rect class=\"c"
       << index << "\" width=\"10\" height=\"10\" rx=\"2\"/></svg><span>"
       << escape(part.name) << "</span> <b>" << printBytes(part.value)
       << "</b> <span class=\"muted\">"
       << llvm::format("%.1f", 100 * static_cast<double>(part.value) /
                                   std::max(total, 1.0))
       << " %</span></li>";
  }
  os << "</ul></figcaption></figure>\n";
}
