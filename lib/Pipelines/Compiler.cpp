// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Drives the phases: reads the model, runs the passes, writes the targets.

#include "qeff/Pipelines/Compiler.h"
#include "ModuleFile.h"
#include "OptionUse.h"
#include "OutputCheck.h"
#include "OutputPackage.h"
#include "PackageAdapters.h"
#include "ReportCollector.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Import/Import.h"
#include "qeff/Import/ONNX.h"
#include "qeff/Import/Tokenizer.h"
#include "qeff/InitAll.h"
#include "qeff/Pipelines/Phases.h"
#include "qeff/Target/AIC100.h"
#include "qeff/Target/Host/Package.h"
#include "qeff/Target/OutputFile.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

using namespace qeff;

namespace {

/// One run of the compiler.
class Driver {
public:
  Driver(MLIRContext *context, const CompileOptions &options,
         const ProgressFn &progress, const NoteFn &note)
      : context(context), options(options), progress(progress), note(note),
        loc(mlir::UnknownLoc::get(context)) {}

  LogicalResult run();

private:
  LogicalResult load();
  LogicalResult loadModule();
  LogicalResult checkPhase();
  LogicalResult chooseTargets();
  void bindRoots(StringRef directory);
  LogicalResult compile();
  LogicalResult runPhase(ModuleOp target, const PhaseInfo &phase);
  void report(StringRef stage, int64_t done, int64_t total) {
    if (progress) {
      progress(stage, done, total);
    }
  }

  PipelineOptions getPipelineOptions();
  LogicalResult lower(ModuleOp target, Phase to);
  LogicalResult writeModule();
  LogicalResult tune(StringRef directory);
  LogicalResult writePackage();
  LogicalResult writeHost(StringRef directory);
  LogicalResult writeAIC100(StringRef directory);
  LogicalResult copyTokenizer(StringRef directory);
  EvaluatorOptions getEvaluatorOptions() const;
  OwningOpRef<ModuleOp> clone() {
    return OwningOpRef<ModuleOp>(cast<ModuleOp>(module->clone()));
  }

  MLIRContext *context;
  const CompileOptions &options;
  const ProgressFn &progress;
  NoteFn note;
  Location loc;
  OwningOpRef<ModuleOp> module;
  std::map<std::string, std::string> roots;
  /// What the package gets.
  std::vector<Phase> targets;
  /// Null unless a report is asked for.
  std::unique_ptr<ReportCollector> collector;
};

} // namespace

//===----------------------------------------------------------------------===//
// Options and input
//===----------------------------------------------------------------------===//

/// Binds "model" to `directory` unless the caller has bound it.
void Driver::bindRoots(StringRef directory) {
  roots = options.roots;
  roots.try_emplace("model", directory.empty() ? "." : directory.str());
}

LogicalResult Driver::loadModule() {
  module = readModuleFile(context, options.model);
  if (!module) {
    return failure();
  }
  bindRoots(llvm::sys::path::parent_path(options.model));
  return success();
}

LogicalResult Driver::checkPhase() {
  std::optional<Phase> phase = getPhase(*module);
  if (!phase) {
    return module->emitError("expects the module attribute '")
           << kPhaseAttr << "'";
  }
  if (!options.compileFrom.empty() &&
      symbolizePhase(options.compileFrom) != phase) {
    return module->emitError("expects a module of phase ")
           << options.compileFrom << ", got " << stringifyPhase(*phase);
  }
  return checkOptionUse(loc, options, *module);
}

LogicalResult Driver::load() {
  StringRef path = options.model;
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status)) {
    return mlir::emitError(loc) << path << ": " << code.message();
  }
  if (isModuleFile(path)) {
    return failed(loadModule()) ? failure() : checkPhase();
  }
  FailureOr<OwningOpRef<ModuleOp>> imported =
      path.ends_with(".onnx") ? importONNX(context, path)
                              : importModel(context, path, progress);
  if (failed(imported)) {
    return failure();
  }
  module = std::move(*imported);
  bindRoots(llvm::sys::fs::is_directory(status)
                ? path
                : llvm::sys::path::parent_path(path));
  return checkPhase();
}

/// Takes the targets that were asked for, or those that the module can become.
LogicalResult Driver::chooseTargets() {
  Phase from = *getPhase(*module);
  for (Phase to : {Phase::Host, Phase::AIC100}) {
    StringRef name = stringifyPhase(to);
    bool follows = succeeded(getPath(from, to));
    bool isNamed = llvm::is_contained(options.targets, name);
    if (isNamed && !follows) {
      return mlir::emitError(loc)
             << "target: expects one that a module of phase "
             << stringifyPhase(from) << " can become, got " << name;
    }
    if (isNamed || (options.targets.empty() && follows)) {
      targets.push_back(to);
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

PipelineOptions Driver::getPipelineOptions() {
  PipelineOptions result;
  if (!options.adapterMode.empty()) {
    result.adapterMode = options.adapterMode;
  }
  result.maxLoRARank = options.maxLoRARank.value_or(result.maxLoRARank);
  result.prefillSeqLen = options.prefillSeqLen.value_or(result.prefillSeqLen);
  result.ctxLen = options.ctxLen.value_or(result.ctxLen);
  result.batchSize = options.batchSize.value_or(result.batchSize);
  result.requireRaised = options.requireRaised;
  result.roots = roots;
  for (const auto &[name, value] : options.dims) {
    result.dims += (result.dims.empty() ? "" : ",") + name + "=" +
                   std::to_string(value);
  }
  if (!options.onnxDtype.empty()) {
    result.onnxDtype = options.onnxDtype;
  }
  if (!options.hostWeights.empty()) {
    result.hostWeights = options.hostWeights;
  }
  if (!options.mcpu.empty()) {
    result.mcpu = options.mcpu;
  }
  return result;
}

LogicalResult Driver::runPhase(ModuleOp target, const PhaseInfo &phase) {
  StringRef name = stringifyPhase(phase.phase);
  ReportTimer timer(collector.get(), "phase " + name);
  FailureOr<std::string> text =
      getPipelineText(phase.after, phase.phase, getPipelineOptions());
  mlir::PassManager pm(context, ModuleOp::getOperationName());
  std::string message;
  llvm::raw_string_ostream os(message);
  if (failed(text) || failed(mlir::parsePassPipeline(*text, pm, os))) {
    return mlir::emitError(loc) << "pipeline: " << message;
  }
  return pm.run(target);
}

LogicalResult Driver::lower(ModuleOp target, Phase to) {
  Phase from = *getPhase(target);
  FailureOr<SmallVector<PhaseInfo>> path = getPath(from, to);
  if (failed(path)) {
    return mlir::emitError(loc) << "phase " << stringifyPhase(to)
                                << " does not follow from "
                                << stringifyPhase(from);
  }
  for (const PhaseInfo &phase : *path) {
    if (failed(runPhase(target, phase))) {
      return failure();
    }
    if (collector) {
      collector->recordPhase(target, stringifyPhase(phase.phase), phase.doc);
      if (phase.phase == Phase::Canonical) {
        collector->recordModule(target);
      }
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

LogicalResult Driver::writeModule() {
  if (options.output != "-" &&
      failed(checkOutputFile(loc, options, *module, options.output,
                             getEvaluatorOptions()))) {
    return failure();
  }
  if (failed(lower(*module, *symbolizePhase(options.compileTo)))) {
    return failure();
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  if (StringRef(options.output).ends_with(".mlirbc")) {
    if (failed(mlir::writeBytecodeToFile(*module, os))) {
      return mlir::emitError(loc) << "cannot write bytecode";
    }
  } else {
    module->print(os);
  }
  if (options.output != "-") {
    return writeFile(loc, options.output, text);
  }
  llvm::outs() << text;
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    std::string reason = llvm::outs().error().message();
    llvm::outs().clear_error();
    return mlir::emitError(loc) << "standard output: " << reason;
  }
  return success();
}

EvaluatorOptions Driver::getEvaluatorOptions() const {
  EvaluatorOptions result;
  result.threads = options.threads;
  for (const auto &[name, directory] : roots) {
    result.roots[name] = directory;
  }
  return result;
}

/// What the tokenizer comes from: the GGUF file that holds the weights, else
/// the model's folder. Modules that were printed find it again by their files.
LogicalResult Driver::copyTokenizer(StringRef directory) {
  SmallString<256> source(roots.at("model"));
  SmallString<256> destination(directory);
  bool gguf = false;
  for (auto file : module->getOps<FileOp>()) {
    if (file.getRoot() == "model" && file.getPath().ends_with(".gguf")) {
      llvm::sys::path::append(source, file.getPath());
      gguf = true;
      break;
    }
  }
  if (!gguf) {
    llvm::sys::path::append(destination, "tokenizer");
  }
  return copyTokenizerFiles(source, destination, loc);
}

LogicalResult Driver::writeHost(StringRef directory) {
  OwningOpRef<ModuleOp> target = clone();
  report("lowering to the host", 0, 1);
  if (failed(lower(*target, Phase::Host))) {
    return failure();
  }
  report("lowering to the host", 1, 1);
  ReportTimer timer(collector.get(), "writing the host package");
  host::HostOptions hostOptions;
  hostOptions.weights = getEvaluatorOptions();
  if (failed(host::writeHostPackage(*target, directory, hostOptions,
                                    progress))) {
    return failure();
  }
  return copyTokenizer(directory);
}

LogicalResult Driver::writeAIC100(StringRef directory) {
  OwningOpRef<ModuleOp> target = clone();
  report("lowering to aic100", 0, 1);
  if (failed(lower(*target, Phase::AIC100))) {
    return failure();
  }
  report("lowering to aic100", 1, 1);
  ReportTimer timer(collector.get(), "writing the AI 100 package");
  if (std::error_code code = llvm::sys::fs::create_directory(
          directory, /*IgnoreExisting=*/true, llvm::sys::fs::all_all)) {
    return mlir::emitError(loc) << directory << ": " << code.message();
  }
  AIC100Options cardOptions;
  cardOptions.numCores = options.numCores.value_or(cardOptions.numCores);
  cardOptions.mxfp6Matmul = options.mxfp6Matmul;
  cardOptions.mxint8KVCache = options.mxint8KVCache;
  if (failed(writeAIC100Package(*target, directory, cardOptions,
                                getEvaluatorOptions(), progress))) {
    return failure();
  }
  report("qaic-compile", 0, 1);
  std::string message;
  FailureOr<bool> compiled = compileQPC(loc, directory, cardOptions, message);
  if (failed(compiled)) {
    return failure();
  }
  report("qaic-compile", 1, 1);
  if (!*compiled && note) {
    note(message);
  }
  return success();
}

/// Lowers the module to phase tuned. Adapters that are inputs from there on
/// become files in `directory`.
LogicalResult Driver::tune(StringRef directory) {
  std::vector<PackagedAdapter> adapters;
  if (options.adapterMode == "swap") {
    FailureOr<std::vector<PackagedAdapter>> collected =
        collectAdapters(*module, roots, note);
    if (failed(collected)) {
      return failure();
    }
    adapters = std::move(*collected);
  }
  if (failed(lower(*module, Phase::Tuned))) {
    return failure();
  }
  return takesAdapters(*module)
             ? writeAdapters(*module, adapters, directory, progress)
             : success();
}

LogicalResult Driver::writePackage() {
  if (failed(chooseTargets())) {
    return failure();
  }
  FailureOr<OutputPackage> package = OutputPackage::create(loc, options.output);
  if (failed(package)) {
    return failure();
  }
  // What the targets have in common is done, and warned of, once.
  Phase phase = *getPhase(*module);
  if (succeeded(getPath(phase, Phase::Tuned))) {
    if (failed(tune(package->getDirectory()))) {
      return failure();
    }
  } else if (note && takesAdapters(*module)) {
    note(("a module of phase " + stringifyPhase(phase) +
          " does not say which modules the model has: adapters/targets.json, "
          "which adapters in PEFT's format are fitted to, is not written")
             .str());
  }
  for (Phase target : targets) {
    SmallString<256> directory(package->getDirectory());
    llvm::sys::path::append(directory, stringifyPhase(target));
    if (failed(target == Phase::Host ? writeHost(directory)
                                     : writeAIC100(directory))) {
      return failure();
    }
  }
  return package->commit();
}

LogicalResult Driver::compile() {
  LogicalResult loaded = failure();
  {
    ReportTimer timer(collector.get(), "reading the model");
    loaded = load();
  }
  if (failed(loaded) || failed(checkReportFile(loc, options, *module,
                                               getEvaluatorOptions()))) {
    // Until the model is read, the report might be a file of it.
    collector.reset();
    return failure();
  }
  if (!options.allowNonfinite && failed(checkAdapterValues(*module, roots))) {
    return failure();
  }
  if (!options.adapters.empty()) {
    ReportTimer timer(collector.get(), "reading adapters");
    if (failed(insertAdapters(*module, options, roots, progress))) {
      return failure();
    }
  }
  if (collector) {
    collector->recordPhase(*module, stringifyPhase(*getPhase(*module)),
                           "as it was read");
    collector->recordModule(*module);
  }
  return options.compileTo.empty() ? writePackage() : writeModule();
}

/// A report is written of what failed, too, once the model is read.
LogicalResult Driver::run() {
  if (failed(checkOptionValues(loc, options))) {
    return failure();
  }
  if (!options.report.empty()) {
    collector = std::make_unique<ReportCollector>(context, options);
    note = [this, given = note](StringRef text) {
      collector->recordNote(text);
      if (given) {
        given(text);
      }
    };
  }
  LogicalResult result = compile();
  if (!collector) {
    return result;
  }
  if (succeeded(result) && options.output != "-") {
    collector->recordFiles(options.output);
  }
  LogicalResult written =
      collector->write(loc, options.report, succeeded(result));
  return failed(result) ? result : written;
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

LogicalResult qeff::compile(MLIRContext *context, const CompileOptions &options,
                            const ProgressFn &progress, const NoteFn &note) {
  static std::once_flag once;
  std::call_once(once, [] {
    mlir::registerTransformsPasses();
    registerAllPasses();
  });
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  context->appendDialectRegistry(registry);
  // An error names its place; it does not print the module.
  context->printOpOnDiagnostic(false);
  return Driver(context, options, progress, note).run();
}
