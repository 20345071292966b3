// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Watches one compilation and collects what its report shows.
#ifndef QEFF_LIB_PIPELINES_REPORTCOLLECTOR_H
#define QEFF_LIB_PIPELINES_REPORTCOLLECTOR_H

#include "Report.h"

#include "qeff/Pipelines/Compiler.h"

#include "mlir/IR/Diagnostics.h"

#include <chrono>
#include <mutex>

namespace qeff {

/// While it lives, diagnostics and remarks of `context` are collected; other
/// handlers see the diagnostics as well. A context that has a remark engine
/// keeps it, and the report has no remarks.
class ReportCollector {
public:
  ReportCollector(MLIRContext *context, const CompileOptions &options);
  ~ReportCollector();
  ReportCollector(const ReportCollector &) = delete;
  ReportCollector &operator=(const ReportCollector &) = delete;

  /// The module that the model became, or is.
  void recordModule(ModuleOp module);
  /// A module as it is now; `doc` says what the phase is.
  void recordPhase(ModuleOp module, const Twine &name, StringRef doc);
  void recordStage(StringRef name, double seconds,
                   std::optional<int64_t> peakBytes);
  void recordNote(StringRef text);
  /// The files of the package, or the one file, that were written.
  void recordFiles(StringRef output);
  void add(ReportRemark remark);

  /// The page.
  std::string render(bool succeeded);
  /// Writes the page; an error is emitted.
  LogicalResult write(Location loc, StringRef path, bool succeeded);

private:
  MLIRContext *context;
  Report report;
  /// Passes may run, and say something, on any thread.
  std::mutex mutex;
  mlir::DiagnosticEngine::HandlerID handler;
  bool ownsEngine = false;
};

/// Times a piece of work for `collector`, which may be null.
class ReportTimer {
public:
  ReportTimer(ReportCollector *collector, const Twine &name);
  ~ReportTimer();
  ReportTimer(const ReportTimer &) = delete;
  ReportTimer &operator=(const ReportTimer &) = delete;

private:
  ReportCollector *collector;
  std::string name;
  std::chrono::steady_clock::time_point start;
};

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_REPORTCOLLECTOR_H
