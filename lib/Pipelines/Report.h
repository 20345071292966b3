// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one compilation was, as plain values, and the page that shows it.
#ifndef QEFF_LIB_PIPELINES_REPORT_H
#define QEFF_LIB_PIPELINES_REPORT_H

#include "qeff/Support/LLVM.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qeff {

/// A module of the model, or an op in it. All strings may hold any bytes.
struct ReportNode {
  std::string name;
  /// Of an op: its attributes and the type of its result.
  std::string detail;
  std::string type;
  bool isOp = false;
  /// How often it stands there in a row (ops), or the numbers that the modules
  /// have which are all like this one ("0-15").
  int64_t count = 1;
  std::string numbers;
  std::vector<ReportNode> children;
};

/// Weights that play one role in all layers.
struct ReportWeight {
  /// The path of the module that uses them, numbers as "*".
  std::string group;
  std::string shape;
  std::string type;
  int64_t count = 0;
  int64_t elements = 0;
  int64_t bytes = 0;
};

/// Something that a pass, or the compiler, had to say.
struct ReportRemark {
  enum class Kind { Passed, Missed, Analysis, Warning, Error };
  Kind kind = Kind::Analysis;
  /// Stable name; "" for diagnostics.
  std::string id;
  std::string place;
  std::string text;
  int64_t count = 1;
};

/// A module as it was after a phase: ops by name.
struct ReportPhase {
  std::string name;
  std::string doc;
  std::map<std::string, int64_t> ops;

  int64_t getTotal() const {
    int64_t total = 0;
    for (const auto &[name, count] : ops) {
      total += count;
    }
    return total;
  }
};

/// A piece of work and what it took.
struct ReportStage {
  std::string name;
  double seconds = 0;
  /// The largest resident memory meanwhile, where the system tells.
  std::optional<int64_t> peakBytes;
};

struct ReportFile {
  std::string name;
  int64_t bytes = 0;
};

struct Report {
  std::string producer;
  std::string model;
  std::string output;
  std::string architecture;
  std::string exporter;
  bool succeeded = false;
  /// Name and value, in the order of the help text.
  std::vector<std::pair<std::string, std::string>> options;
  /// The phase that `root` and `weights` are from.
  std::string modelPhase;
  ReportNode root;
  std::vector<ReportWeight> weights;
  std::vector<ReportPhase> phases;
  std::vector<ReportRemark> remarks;
  /// Remarks that were too many to keep.
  int64_t droppedRemarks = 0;
  std::vector<ReportStage> stages;
  std::vector<ReportFile> files;
};

/// The page: HTML that needs nothing else. What depends on the run (times,
/// memory) is in its section "time" alone.
std::string renderReport(const Report &report);

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_REPORT_H
