// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The page of a report: remarks, phases, times, and the frame around it all.

#include "ReportHTML.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

#include <set>

using namespace qeff;
using llvm::raw_ostream;
using Kind = ReportRemark::Kind;

/// The page without its content: `pageTemplate`.
#include "ReportTemplate.inc"

/// More remarks with one id are counted, not shown.
static constexpr size_t kMaxShown = 200;

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

static void writeRemark(raw_ostream &os, const ReportRemark &remark) {
  os << "<li>";
  if (!remark.place.empty()) {
    os << "<code>" << escape(remark.place) << "</code> ";
  }
  os << escape(remark.text);
  if (remark.count > 1) {
    os << " <span class=\"times\">×" << printCount(remark.count) << "</span>";
  }
  os << "</li>\n";
}

static int64_t countRemarks(ArrayRef<const ReportRemark *> remarks) {
  int64_t count = 0;
  for (const ReportRemark *remark : remarks) {
    count += remark->count;
  }
  return count;
}

/// The remarks of some kinds by their ids; false where there are none.
static bool writeRemarks(raw_ostream &os, const Report &report,
                         ArrayRef<Kind> kinds) {
  llvm::MapVector<StringRef, SmallVector<const ReportRemark *>> groups;
  for (const ReportRemark &remark : report.remarks) {
    if (llvm::is_contained(kinds, remark.kind)) {
      groups[remark.id].push_back(&remark);
    }
  }
  for (const auto &[id, remarks] : groups) {
    bool isOpen = id.empty() || remarks.size() <= 8;
    if (!id.empty()) {
      os << "<details" << (isOpen ? " open" : "") << "><summary><code>"
         << escape(id) << "</code> <span class=\"times\">×"
         << printCount(countRemarks(remarks)) << "</span></summary>";
    }
    os << "<ul class=\"remarks\">\n";
    for (const ReportRemark *remark :
         ArrayRef(remarks).take_front(kMaxShown)) {
      writeRemark(os, *remark);
    }
    if (remarks.size() > kMaxShown) {
      os << "<li class=\"muted\">and "
         << printCount(static_cast<int64_t>(remarks.size() - kMaxShown))
         << " more</li>\n";
    }
    os << "</ul>" << (id.empty() ? "" : "</details>") << "\n";
  }
  return !groups.empty();
}

/// The ops of the model that are transformer-level, or those that are not.
static bool writeOpCounts(raw_ostream &os, const Report &report,
                          bool transformer) {
  std::string chips;
  llvm::raw_string_ostream text(chips);
  for (const auto &[name, count] : countModelOps(report.root)) {
    if (isTransformerOp(name) == transformer) {
      text << "<li><span class=\"op" << (transformer ? "" : " generic")
           << "\">" << escape(shortenOp(name))
           << "</span> <span class=\"times\">×" << printCount(count)
           << "</span></li>\n";
    }
  }
  if (!chips.empty()) {
    os << "<ul class=\"chips\">\n" << chips << "</ul>\n";
  }
  return !chips.empty();
}

void qeff::writeRemarks(raw_ostream &os, const Report &report) {
  os << "<section id=\"fused\"><h2>What was recognized and fused</h2>\n";
  bool any = writeOpCounts(os, report, /*transformer=*/true);
  any |= ::writeRemarks(os, report, {Kind::Passed});
  os << (any ? "" : "<p>Nothing.</p>\n");
  os << "</section>\n<section id=\"left\"><h2>What was not, and why</h2>\n";
  std::string generic;
  llvm::raw_string_ostream text(generic);
  any = writeOpCounts(text, report, /*transformer=*/false);
  if (any) {
    os << "<p>Operators that stay as they are:</p>\n" << generic;
  }
  any |= ::writeRemarks(os, report,
                        {Kind::Error, Kind::Missed, Kind::Warning});
  os << (any ? "" : "<p>Nothing was left out.</p>\n");
  std::string notes;
  llvm::raw_string_ostream noteText(notes);
  if (::writeRemarks(noteText, report, {Kind::Analysis})) {
    os << "<h3>Notes</h3>\n" << notes;
  }
  if (report.droppedRemarks > 0) {
    os << "<p>" << printCount(report.droppedRemarks, "remark")
       << " more are not listed.</p>\n";
  }
  os << "</section>\n";
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

static void writeOpMatrix(raw_ostream &os, const Report &report) {
  std::set<std::string> names;
  for (const ReportPhase &phase : report.phases) {
    for (const auto &[name, count] : phase.ops) {
      names.insert(name);
    }
  }
  os << "<details><summary>By op</summary><div class=\"scroll\"><table><thead>"
        "<tr><th>op</th>";
  for (const ReportPhase &phase : report.phases) {
    os << "<th class=\"n\">" << escape(phase.name) << "</th>";
  }
  os << "</tr></thead><tbody>\n";
  for (const std::string &name : names) {
    os << "<tr><td>" << escape(name) << "</td>";
    for (const ReportPhase &phase : report.phases) {
      auto entry = phase.ops.find(name);
      os << "<td class=\"n\">"
         << (entry == phase.ops.end() ? "" : printCount(entry->second))
         << "</td>";
    }
    os << "</tr>\n";
  }
  os << "</tbody></table></div></details>\n";
}

void qeff::writePhases(raw_ostream &os, const Report &report) {
  os << "<section id=\"phases\"><h2>Phases</h2>\n";
  if (report.phases.empty()) {
    os << "<p>No phase was reached.</p></section>\n";
    return;
  }
  int64_t most = 1;
  for (const ReportPhase &phase : report.phases) {
    most = std::max(most, phase.getTotal());
  }
  os << "<p>Ops of the whole module after each phase, declarations of weights "
        "and files included.</p>\n<div class=\"scroll\"><table><thead><tr>"
        "<th>phase</th><th>what holds</th><th class=\"n\">ops</th>"
        "<th class=\"wide\"></th></tr></thead><tbody>\n";
  for (const ReportPhase &phase : report.phases) {
    os << "<tr><td><b>" << escape(phase.name) << "</b></td><td>"
       << escape(phase.doc) << "</td><td class=\"n\">"
       << printCount(phase.getTotal()) << "</td><td>";
    writeBar(os, static_cast<double>(phase.getTotal()) /
                     static_cast<double>(most));
    os << "</td></tr>\n";
  }
  os << "</tbody></table></div>\n";
  writeOpMatrix(os, report);
  os << "</section>\n";
}

void qeff::writeTimes(raw_ostream &os, const Report &report) {
  double total = 0, longest = 1e-9;
  int64_t peak = 0;
  for (const ReportStage &stage : report.stages) {
    total += stage.seconds;
    longest = std::max(longest, stage.seconds);
    peak = std::max(peak, stage.peakBytes.value_or(0));
  }
  os << "<section id=\"time\"><h2>Time and memory</h2>\n<p>"
     << llvm::format("%.2f", total) << " s in all";
  if (peak > 0) {
    os << ", at most " << printBytes(peak)
       << " resident (pages of mapped files included)";
  }
  os << ".</p>\n<div class=\"scroll\"><table><thead><tr><th>step</th>"
        "<th class=\"wide\"></th><th class=\"n\">seconds</th>"
        "<th class=\"wide\"></th><th class=\"n\">peak memory</th>"
        "</tr></thead><tbody>\n";
  for (const ReportStage &stage : report.stages) {
    os << "<tr><td>" << escape(stage.name) << "</td><td>";
    writeBar(os, stage.seconds / longest);
    os << "</td><td class=\"n\">" << llvm::format("%.3f", stage.seconds)
       << "</td><td>";
    if (stage.peakBytes) {
      writeBar(os, static_cast<double>(*stage.peakBytes) /
                       static_cast<double>(std::max<int64_t>(peak, 1)));
    }
    os << "</td><td class=\"n\">"
       << (stage.peakBytes ? printBytes(*stage.peakBytes) : "–")
       << "</td></tr>\n";
  }
  os << "</tbody></table></div></section>\n";
}

//===----------------------------------------------------------------------===//
// The frame
//===----------------------------------------------------------------------===//

static void writeTile(raw_ostream &os, StringRef name, const Twine &value) {
  os << "<div><dt>" << name << "</dt><dd>" << value << "</dd></div>\n";
}

static void writeSummary(raw_ostream &os, const Report &report) {
  int64_t elements = 0, bytes = 0, ops = 0;
  for (const ReportWeight &weight : report.weights) {
    elements += weight.elements;
    bytes += weight.bytes;
  }
  for (const auto &[name, count] : countModelOps(report.root)) {
    ops += count;
  }
  StringRef name = llvm::sys::path::filename(
      StringRef(report.model).rtrim('/'));
  os << "<header><p class=\"status " << (report.succeeded ? "good" : "bad")
     << "\">" << (report.succeeded ? "Compiled" : "Not compiled")
     << "</p><h1>" << escape(name) << "</h1>\n<p class=\"muted\">"
     << escape(report.architecture.empty() ? "qeff report"
                                           : report.architecture);
  if (!report.exporter.empty()) {
    os << ", exported by " << escape(report.exporter);
  }
  os << "</p></header>\n<dl class=\"tiles\">\n";
  writeTile(os, "weights", printBytes(bytes));
  writeTile(os, "elements", printCount(elements));
  writeTile(os, "ops of the model", printCount(ops));
  writeTile(os, "remarks",
            printCount(static_cast<int64_t>(report.remarks.size())));
  os << "</dl>\n<nav aria-label=\"Sections\">";
  static constexpr std::pair<StringRef, StringRef> kSections[] = {
      {"model", "Model"},   {"weights", "Weights"}, {"fused", "Fused"},
      {"left", "Not fused"}, {"phases", "Phases"},   {"time", "Time"},
      {"files", "Files"},   {"options", "Options"}};
  for (auto [id, title] : kSections) {
    os << "<a href=\"#" << id << "\">" << title << "</a> ";
  }
  os << "</nav>\n";
}

static void writeFiles(raw_ostream &os, const Report &report) {
  os << "<section id=\"files\"><h2>What was written</h2>\n";
  if (report.files.empty()) {
    os << "<p>Nothing.</p></section>\n";
    return;
  }
  os << "<p>In <code>" << escape(report.output)
     << "</code></p>\n<div class=\"scroll\"><table><thead><tr><th>file</th>"
        "<th class=\"n\">size</th></tr></thead><tbody>\n";
  for (const ReportFile &file : report.files) {
    os << "<tr><td>" << escape(file.name) << "</td><td class=\"n\">"
       << printBytes(file.bytes) << "</td></tr>\n";
  }
  os << "</tbody></table></div></section>\n";
}

static void writeOptions(raw_ostream &os, const Report &report) {
  os << "<section id=\"options\"><h2>Options</h2>\n"
        "<div class=\"scroll\"><table><tbody>\n<tr><th>model</th><td>"
     << escape(report.model) << "</td></tr>\n";
  for (const auto &[name, value] : report.options) {
    os << "<tr><th>" << escape(name) << "</th><td>" << escape(value)
       << "</td></tr>\n";
  }
  os << "</tbody></table></div>\n<p class=\"muted\">Everything else as "
        "<code>qeff-compile --help</code> says.</p></section>\n<footer>"
     << escape(report.producer) << "</footer>\n";
}

std::string qeff::renderReport(const Report &report) {
  std::string body;
  llvm::raw_string_ostream os(body);
  writeSummary(os, report);
  writeModel(os, report);
  writeWeights(os, report);
  writeRemarks(os, report);
  writePhases(os, report);
  writeTimes(os, report);
  writeFiles(os, report);
  writeOptions(os, report);
  auto [head, tail] = StringRef(pageTemplate).split("{{body}}");
  auto [before, after] = head.split("{{title}}");
  StringRef name = llvm::sys::path::filename(
      StringRef(report.model).rtrim('/'));
  return (before + escape(name) + after + body + tail).str();
}
