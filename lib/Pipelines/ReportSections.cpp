// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sections that show the model: its tree and its weights.

#include "ReportHTML.h"

#include "llvm/ADT/StringExtras.h"

using namespace qeff;
using llvm::raw_ostream;

/// More parts of one module, or rows of a table, are counted, not shown.
static constexpr size_t kMaxShown = 300;

StringRef qeff::shortenOp(StringRef name) {
  if (name.consume_front("qeff.") || name.consume_front("onnxir.")) {
    return name;
  }
  name.consume_front("onnx ");
  return name;
}

bool qeff::isTransformerOp(StringRef name) { return name.starts_with("qeff."); }

static void addOps(const ReportNode &node, int64_t times,
                   std::map<std::string, int64_t> &counts) {
  for (const ReportNode &child : node.children) {
    if (child.isOp) {
      counts[child.name] += times * child.count;
    } else {
      addOps(child, times * child.count, counts);
    }
  }
}

std::map<std::string, int64_t> qeff::countModelOps(const ReportNode &root) {
  std::map<std::string, int64_t> counts;
  addOps(root, 1, counts);
  return counts;
}

//===----------------------------------------------------------------------===//
// The tree
//===----------------------------------------------------------------------===//

static void writeOp(raw_ostream &os, const ReportNode &op) {
  os << "<span class=\"op" << (isTransformerOp(op.name) ? "" : " generic")
     << "\">" << escape(shortenOp(op.name)) << "</span>";
  if (op.count > 1) {
    os << " <span class=\"times\">×" << printCount(op.count) << "</span>";
  }
  if (!op.detail.empty()) {
    os << " <span class=\"muted\">" << escape(op.detail) << "</span>";
  }
}

static void writeName(raw_ostream &os, const ReportNode &node) {
  if (node.count > 1) {
    os << "<b>" << escape(node.numbers) << "</b> <span class=\"times\">×"
       << printCount(node.count) << "</span>";
  } else {
    os << "<b>" << escape(node.name) << "</b>";
  }
}

static void writeChildren(raw_ostream &os, const ReportNode &node,
                          unsigned depth);

static void writeNode(raw_ostream &os, const ReportNode &node, unsigned depth) {
  os << "<li>";
  if (node.isOp) {
    os << "<div class=\"line\"><span class=\"what\">";
    writeOp(os, node);
    os << "</span><span class=\"type\">" << escape(node.type)
       << "</span></div></li>\n";
    return;
  }
  bool isLine = node.children.size() <= 3 &&
                llvm::all_of(node.children,
                             [](const ReportNode &n) { return n.isOp; });
  if (isLine) {
    os << "<div class=\"line\"><span class=\"what\">";
    writeName(os, node);
    for (const ReportNode &op : node.children) {
      os << " ";
      writeOp(os, op);
    }
    os << "</span><span class=\"type\">"
       << escape(node.children.empty() ? "" : node.children.back().type)
       << "</span></div></li>\n";
    return;
  }
  os << "<details" << (depth < 4 ? " open" : "") << "><summary>";
  writeName(os, node);
  os << "</summary>";
  writeChildren(os, node, depth + 1);
  os << "</details></li>\n";
}

static void writeChildren(raw_ostream &os, const ReportNode &node,
                          unsigned depth) {
  os << "<ul>\n";
  for (auto [index, child] : llvm::enumerate(node.children)) {
    if (index == kMaxShown) {
      os << "<li class=\"muted\">and "
         << printCount(static_cast<int64_t>(node.children.size() - index))
         << " more</li>\n";
      break;
    }
    writeNode(os, child, depth);
  }
  os << "</ul>";
}

void qeff::writeModel(raw_ostream &os, const Report &report) {
  os << "<section id=\"model\"><h2>Model</h2>\n";
  if (report.root.children.empty()) {
    os << "<p>There is no function to show.</p></section>\n";
    return;
  }
  os << "<p>As it is in phase <b>" << escape(report.modelPhase)
     << "</b>. Modules that repeat, op by op, are shown once; what only "
        "changes weights is left out.</p>\n<div class=\"tree\">";
  writeChildren(os, report.root, 0);
  os << "</div></section>\n";
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// Bytes by what `key` gives of a weight, largest first.
static std::vector<BarPart>
sumBytes(const Report &report,
         llvm::function_ref<std::string(const ReportWeight &)> key) {
  std::map<std::string, int64_t> sums;
  for (const ReportWeight &weight : report.weights) {
    sums[key(weight)] += weight.bytes;
  }
  std::vector<BarPart> parts;
  for (const auto &[name, bytes] : sums) {
    parts.push_back({name, bytes});
  }
  llvm::stable_sort(parts, [](const BarPart &a, const BarPart &b) {
    return a.value > b.value;
  });
  return parts;
}

static void writeWeightTable(raw_ostream &os, const Report &report) {
  os << "<details><summary>All weights</summary><div class=\"scroll\"><table>"
        "<thead><tr><th>used by</th><th>shape</th><th>stored as</th>"
        "<th class=\"n\">count</th><th class=\"n\">elements</th>"
        "<th class=\"n\">size</th></tr></thead><tbody>\n";
  for (auto [index, weight] : llvm::enumerate(report.weights)) {
    if (index == kMaxShown) {
      os << "<tr><td colspan=\"6\">and "
         << printCount(static_cast<int64_t>(report.weights.size() - index))
         << " more</td></tr>\n";
      break;
    }
    os << "<tr><td>" << escape(weight.group) << "</td><td>"
       << escape(weight.shape) << "</td><td>" << escape(weight.type)
       << "</td><td class=\"n\">" << printCount(weight.count)
       << "</td><td class=\"n\">" << printCount(weight.elements)
       << "</td><td class=\"n\">" << printBytes(weight.bytes)
       << "</td></tr>\n";
  }
  os << "</tbody></table></div></details>\n";
}

void qeff::writeWeights(raw_ostream &os, const Report &report) {
  os << "<section id=\"weights\"><h2>Weights</h2>\n";
  if (report.weights.empty()) {
    os << "<p>The module refers to no stored weights.</p></section>\n";
    return;
  }
  os << "<h3>By type</h3>\n";
  writeStackedBar(os, "Bytes of the weights by type",
                  sumBytes(report, [](const ReportWeight &weight) {
                    return weight.type;
                  }));
  os << "<h3>By module</h3>\n";
  writeStackedBar(os, "Bytes of the weights by module",
                  sumBytes(report, [](const ReportWeight &weight) {
                    return weight.group;
                  }));
  writeWeightTable(os, report);
  os << "</section>\n";
}
