// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Drives the phases: reads the model, runs the passes, writes the targets.

#include "qeff/Pipelines/Compiler.h"
#include "ModuleFile.h"
#include "OptionUse.h"
#include "OutputPackage.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Import/Import.h"
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
  LogicalResult checkOptions();
  LogicalResult load();
  LogicalResult loadModule();
  LogicalResult checkPhase();
  LogicalResult chooseTargets();
  void bindRoots(StringRef directory);
  void report(StringRef stage, int64_t done, int64_t total) {
    if (progress) {
      progress(stage, done, total);
    }
  }

  PipelineOptions getPipelineOptions();
  LogicalResult lower(ModuleOp target, Phase to);
  LogicalResult checkOutputFile();
  LogicalResult writeModule();
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
  const NoteFn &note;
  Location loc;
  OwningOpRef<ModuleOp> module;
  std::map<std::string, std::string> roots;
  /// What the package gets.
  std::vector<Phase> targets;
};

} // namespace

//===----------------------------------------------------------------------===//
// Options and input
//===----------------------------------------------------------------------===//

/// The phases' names, for messages.
static std::string getPhaseNames() {
  std::string names;
  for (const PhaseInfo &info : getPhases()) {
    names += (names.empty() ? "" : ", ") + stringifyPhase(info.phase).str();
  }
  return names;
}

LogicalResult Driver::checkOptions() {
  for (const std::string &target : options.targets) {
    if (target != "host" && target != "aic100") {
      return mlir::emitError(loc)
             << "target: expects host and aic100, got '" << target << "'";
    }
  }
  if (options.output == "-" && options.compileTo.empty()) {
    return mlir::emitError(loc)
           << "output: expects the name of a package, got '-': standard output "
              "takes a module alone (compile-to)";
  }
  const std::pair<StringRef, StringRef> phases[] = {
      {"compile-from", options.compileFrom}, {"compile-to", options.compileTo}};
  for (auto [name, phase] : phases) {
    if (!phase.empty() && !symbolizePhase(phase)) {
      return mlir::emitError(loc) << name << ": unknown phase '" << phase
                                  << "', known are " << getPhaseNames();
    }
  }
  if (!StringRef(options.onnxDtype).empty() && options.onnxDtype != "f32" &&
      options.onnxDtype != "f16") {
    return mlir::emitError(loc) << "onnx-dtype: expects f32 or f16, got '"
                                << options.onnxDtype << "'";
  }
  static constexpr StringRef kStorage[] = {"", "auto", "f32", "f16", "bf16"};
  if (!llvm::is_contained(kStorage, options.hostWeights)) {
    return mlir::emitError(loc)
           << "host-weights: expects auto, f32, f16 or bf16, got '"
           << options.hostWeights << "'";
  }
  // The CPU's name becomes part of a pipeline's text.
  for (char c : options.mcpu) {
    if (!llvm::isAlnum(c) && c != '-' && c != '_' && c != '.') {
      return mlir::emitError(loc)
             << "mcpu: expects the name of a CPU, got '" << options.mcpu << "'";
    }
  }
  PipelineOptions shape = getPipelineOptions();
  if (shape.prefillSeqLen < 1 || shape.ctxLen < 1 || shape.batchSize < 1 ||
      options.numCores.value_or(1) < 1) {
    return mlir::emitError(loc) << "expects positive lengths, rows and cores";
  }
  if (shape.prefillSeqLen > shape.ctxLen) {
    return mlir::emitError(loc)
           << "expects prefill-seq-len <= ctx-len, got " << shape.prefillSeqLen
           << " and " << shape.ctxLen;
  }
  return success();
}

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
      importModel(context, path, progress);
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
  result.prefillSeqLen = options.prefillSeqLen.value_or(result.prefillSeqLen);
  result.ctxLen = options.ctxLen.value_or(result.ctxLen);
  result.batchSize = options.batchSize.value_or(result.batchSize);
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

LogicalResult Driver::lower(ModuleOp target, Phase to) {
  Phase from = *getPhase(target);
  FailureOr<std::string> text = getPipelineText(from, to, getPipelineOptions());
  if (failed(text)) {
    return mlir::emitError(loc) << "phase " << stringifyPhase(to)
                                << " does not follow from "
                                << stringifyPhase(from);
  }
  if (text->empty()) {
    return success();
  }
  mlir::PassManager pm(context, ModuleOp::getOperationName());
  std::string message;
  llvm::raw_string_ostream os(message);
  if (failed(mlir::parsePassPipeline(*text, pm, os))) {
    return mlir::emitError(loc) << "pipeline: " << message;
  }
  return pm.run(target);
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

/// Refuses to write over the model: its file or folder's files, modules in
/// there excepted, and those that its weights are in.
LogicalResult Driver::checkOutputFile() {
  namespace fs = llvm::sys::fs;
  if (!fs::exists(options.output)) {
    return success();
  }
  bool isModel = fs::equivalent(options.model, options.output);
  std::error_code code;
  for (fs::directory_iterator it(options.model, code), end;
       it != end && !code && !isModel; it.increment(code)) {
    isModel = !isModuleFile(it->path()) &&
              fs::equivalent(it->path(), options.output);
  }
  if (isModel) {
    return mlir::emitError(loc)
           << "cannot write '" << options.output << "': it is a part of the "
           << "model";
  }
  return checkIsNoSource(*module, options.output, getEvaluatorOptions());
}

LogicalResult Driver::writeModule() {
  if (options.output != "-" && failed(checkOutputFile())) {
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

LogicalResult Driver::writePackage() {
  if (failed(chooseTargets())) {
    return failure();
  }
  FailureOr<OutputPackage> package = OutputPackage::create(loc, options.output);
  if (failed(package)) {
    return failure();
  }
  // What the targets have in common is done, and warned of, once.
  if (succeeded(getPath(*getPhase(*module), Phase::Tuned)) &&
      failed(lower(*module, Phase::Tuned))) {
    return failure();
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

LogicalResult Driver::run() {
  if (failed(checkOptions()) || failed(load())) {
    return failure();
  }
  return options.compileTo.empty() ? writePackage() : writeModule();
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

/// "file:line:column: ", "file: ", or "".
static std::string formatLocation(Location loc) {
  std::string text;
  llvm::raw_string_ostream os(text);
  loc->walk([&](Location nested) {
    auto file = dyn_cast<mlir::FileLineColLoc>(nested);
    if (!file) {
      return mlir::WalkResult::advance();
    }
    os << file.getFilename().getValue();
    if (file.getLine() != 0) {
      os << ":" << file.getLine() << ":" << file.getColumn();
    }
    os << ": ";
    return mlir::WalkResult::interrupt();
  });
  return text;
}

std::string qeff::formatDiagnostic(const mlir::Diagnostic &diagnostic) {
  std::string text = formatLocation(diagnostic.getLocation());
  llvm::raw_string_ostream os(text);
  os << diagnostic;
  for (const mlir::Diagnostic &attached :
       const_cast<mlir::Diagnostic &>(diagnostic).getNotes()) {
    std::string place = formatLocation(attached.getLocation());
    os << "; " << place;
    os << attached;
  }
  return text;
}
