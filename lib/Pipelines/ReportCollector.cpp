// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Remarks come from MLIR's remark engine, memory from the system.

#include "ReportCollector.h"
#include "ReportModel.h"

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Support/Version.h"
#include "qeff/Target/OutputFile.h"

#include "mlir/IR/Remarks.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <fcntl.h>
#include <unistd.h>

using namespace qeff;
using Kind = ReportRemark::Kind;
namespace fs = llvm::sys::fs;

/// A model can have as many nodes as it likes; this many remarks are kept.
static constexpr size_t kMaxRemarks = 20000;

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

static Kind getKind(const mlir::remark::detail::Remark &remark) {
  switch (remark.getRemarkType()) {
  case llvm::remarks::Type::Passed:
    return Kind::Passed;
  case llvm::remarks::Type::Missed:
  case llvm::remarks::Type::Failure:
    return Kind::Missed;
  default:
    return Kind::Analysis;
  }
}

namespace {
/// Hands remarks on; lives as long as the collector.
class Streamer : public mlir::remark::detail::MLIRRemarkStreamerBase {
public:
  explicit Streamer(ReportCollector &collector) : collector(collector) {}

  void streamOptimizationRemark(
      const mlir::remark::detail::Remark &remark) override {
    ReportRemark entry;
    entry.kind = getKind(remark);
    entry.id = remark.getRemarkName().str();
    for (const auto &argument : remark.getArgs()) {
      if (StringRef(argument.key).equals_insensitive("scope") ||
          StringRef(argument.key).equals_insensitive("node")) {
        entry.place += (entry.place.empty() ? "" : " ") + argument.val;
        continue;
      }
      entry.text += entry.text.empty() ? "" : ", ";
      if (argument.key != "Remark" && argument.key != "Reason") {
        entry.text += argument.key + ": ";
      }
      entry.text += argument.val;
    }
    collector.add(std::move(entry));
  }

private:
  ReportCollector &collector;
};
} // namespace

void ReportCollector::add(ReportRemark remark) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!report.remarks.empty()) {
    ReportRemark &last = report.remarks.back();
    if (last.kind == remark.kind && last.id == remark.id &&
        last.place == remark.place && last.text == remark.text) {
      ++last.count;
      return;
    }
  }
  if (report.remarks.size() == kMaxRemarks) {
    ++report.droppedRemarks;
    return;
  }
  report.remarks.push_back(std::move(remark));
}

void ReportCollector::recordNote(StringRef text) {
  add({Kind::Analysis, "", "", text.str()});
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

static std::string join(ArrayRef<std::string> parts) {
  return llvm::join(parts, ",");
}

/// What was asked for, as flags say it.
static std::vector<std::pair<std::string, std::string>>
listOptions(const CompileOptions &options) {
  std::vector<std::pair<std::string, std::string>> list;
  auto add = [&](StringRef name, const Twine &value, bool isSet) {
    if (isSet) {
      list.emplace_back(name.str(), value.str());
    }
  };
  auto text = [&](StringRef name, const std::string &value) {
    add(name, value, !value.empty());
  };
  auto number = [&](StringRef name, std::optional<int64_t> value) {
    add(name, Twine(value.value_or(0)), value.has_value());
  };
  text("target", join(options.targets));
  number("prefill-seq-len", options.prefillSeqLen);
  number("ctx-len", options.ctxLen);
  number("batch-size", options.batchSize);
  for (const AdapterArgument &adapter : options.adapters) {
    std::string weight;
    llvm::raw_string_ostream(weight) << adapter.weight;
    text("adapter", adapter.name + "=" + adapter.directory +
                        (adapter.weight == 1 ? "" : " × " + weight));
  }
  text("adapter-mode", options.adapterMode);
  number("max-lora-rank", options.maxLoRARank);
  add("allow-nonfinite", "yes", options.allowNonfinite);
  text("host-weights", options.hostWeights);
  text("mcpu", options.mcpu);
  text("onnx-dtype", options.onnxDtype);
  number("num-cores", options.numCores);
  add("mxfp6-matmul", "yes", options.mxfp6Matmul);
  add("mxint8-kv-cache", "yes", options.mxint8KVCache);
  text("compile-from", options.compileFrom);
  text("compile-to", options.compileTo);
  for (const auto &[name, directory] : options.roots) {
    text("root", name + "=" + directory);
  }
  return list;
}

//===----------------------------------------------------------------------===//
// Collecting
//===----------------------------------------------------------------------===//

ReportCollector::ReportCollector(MLIRContext *context,
                                 const CompileOptions &options)
    : context(context) {
  report.producer = kProducer;
  report.model = options.model;
  report.output = options.output;
  report.options = listOptions(options);
  handler = context->getDiagEngine().registerHandler(
      [this](mlir::Diagnostic &diagnostic) -> LogicalResult {
        mlir::DiagnosticSeverity severity = diagnostic.getSeverity();
        add({severity == mlir::DiagnosticSeverity::Error     ? Kind::Error
             : severity == mlir::DiagnosticSeverity::Warning ? Kind::Warning
                                                             : Kind::Analysis,
             "", "", formatDiagnostic(diagnostic)});
        return failure(); // others handle it
      });
  if (context->getRemarkEngine()) {
    return;
  }
  mlir::remark::RemarkCategories all{".*", ".*", ".*", ".*", ".*"};
  ownsEngine = succeeded(mlir::remark::enableOptimizationRemarks(
      *context, std::make_unique<Streamer>(*this),
      std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(), all));
}

ReportCollector::~ReportCollector() {
  context->getDiagEngine().eraseHandler(handler);
  if (ownsEngine) {
    context->setRemarkEngine(nullptr);
  }
}

static std::string getText(Attribute attribute) {
  auto text = dyn_cast_if_present<StringAttr>(attribute);
  return text ? text.str() : "";
}

void ReportCollector::recordModule(ModuleOp module) {
  report.modelPhase = stringifyPhase(*getPhase(module)).str();
  report.root = describeModel(module);
  report.weights = describeWeights(module);
  report.architecture = getText(module->getAttr(kArchitectureAttr));
  if (auto model = module->getAttrOfType<mlir::DictionaryAttr>(
          "onnxir.model")) {
    report.exporter = getText(model.get("producer_name"));
    std::string version = getText(model.get("producer_version"));
    report.exporter += version.empty() ? "" : " " + version;
  }
}

void ReportCollector::recordPhase(ModuleOp module, const Twine &name,
                                  StringRef doc) {
  report.phases.push_back({name.str(), doc.str(), countOps(module)});
}

void ReportCollector::recordStage(StringRef name, double seconds,
                                  std::optional<int64_t> peakBytes) {
  report.stages.push_back({name.str(), seconds, peakBytes});
}

void ReportCollector::recordFiles(StringRef output) {
  fs::file_status status;
  if (!fs::status(output, status) && !fs::is_directory(status)) {
    report.files = {{llvm::sys::path::filename(output).str(),
                     static_cast<int64_t>(status.getSize())}};
    return;
  }
  std::error_code code;
  for (fs::recursive_directory_iterator next(output, code), end;
       next != end && !code; next.increment(code)) {
    if (!fs::status(next->path(), status) && fs::is_regular_file(status)) {
      report.files.push_back(
          {StringRef(next->path()).drop_front(output.size()).ltrim('/').str(),
           static_cast<int64_t>(status.getSize())});
    }
  }
  llvm::sort(report.files, [](const ReportFile &a, const ReportFile &b) {
    return a.name < b.name;
  });
}

std::string ReportCollector::render(bool succeeded) {
  std::lock_guard<std::mutex> lock(mutex);
  report.succeeded = succeeded;
  return renderReport(report);
}

LogicalResult ReportCollector::write(Location loc, StringRef path,
                                     bool succeeded) {
  return writeFile(loc, path, render(succeeded));
}

//===----------------------------------------------------------------------===//
// Times and memory
//===----------------------------------------------------------------------===//

/// Lets the largest resident memory of this process count from now on, where
/// Linux allows it.
static void resetPeak() {
  int file = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file >= 0) {
    (void)!::write(file, "5", 1);
    ::close(file);
  }
}

static std::optional<int64_t> readPeak() {
  auto status = llvm::MemoryBuffer::getFileAsStream("/proc/self/status");
  int64_t kilobytes = 0;
  if (!status) {
    return std::nullopt;
  }
  StringRef line = (*status)->getBuffer();
  line = line.substr(line.find("VmHWM:")).split('\n').first;
  line.consume_front("VmHWM:");
  line.consume_back("kB");
  return line.trim().getAsInteger(10, kilobytes)
             ? std::nullopt
             : std::optional<int64_t>(kilobytes * 1024);
}

ReportTimer::ReportTimer(ReportCollector *collector, const Twine &name)
    : collector(collector), name(name.str()),
      start(std::chrono::steady_clock::now()) {
  if (collector) {
    resetPeak();
  }
}

ReportTimer::~ReportTimer() {
  if (collector) {
    std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - start;
    collector->recordStage(name, seconds.count(), readPeak());
  }
}
