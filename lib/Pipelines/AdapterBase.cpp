// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the modules that an adapter may change.

#include "qeff/Pipelines/AdapterBase.h"
#include "ModuleFile.h"
#include "OutputPackage.h"
#include "PhaseRunner.h"

#include "qeff/Import/Import.h"
#include "qeff/Import/ONNX.h"
#include "qeff/InitAll.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace qeff;
namespace fs = llvm::sys::fs;

static std::string joinPath(StringRef directory, StringRef name) {
  SmallString<256> path(directory);
  llvm::sys::path::append(path, name);
  return std::string(path);
}

bool qeff::isPackageDirectory(StringRef path) {
  static constexpr StringRef kMarks[] = {"qeff.json", "qpc.json",
                                         "host/qpc.json"};
  return llvm::any_of(kMarks, [&](StringRef name) {
    return fs::is_regular_file(joinPath(path, name));
  });
}

FailureOr<AdapterBase> qeff::readPackageBase(MLIRContext *context,
                                             StringRef path) {
  if (!isPackageDirectory(path)) {
    return mlir::emitError(getFileLocation(context, path))
           << "expects a package, got none";
  }
  // The part for the host lies in the package, adapters/ beside it.
  bool isPart = fs::exists(joinPath(path, "qpc.json"));
  std::string outer = joinPath(path, "..");
  for (StringRef folder : {path, isPart ? StringRef(outer) : path}) {
    std::string targets =
        joinPath(joinPath(folder, kAdaptersName), kTargetsName);
    if (!fs::exists(targets)) {
      continue;
    }
    FailureOr<AdapterModules> modules = readTargets(context, targets);
    if (failed(modules)) {
      return failure();
    }
    AdapterBase base;
    base.options.swap = true;
    base.options.targetsOnly = true;
    base.options.maxRank = modules->maxRank;
    base.modules = std::move(*modules);
    return base;
  }
  return mlir::emitError(getFileLocation(context, path))
         << "expects a package that takes adapters (adapters/targets.json), "
            "got one that takes none; compile it with --adapter-mode=swap";
}

/// The module of the model `path` in a phase that knows modules; null after an
/// error.
static OwningOpRef<ModuleOp> readModel(MLIRContext *context, StringRef path) {
  OwningOpRef<ModuleOp> module;
  if (isModuleFile(path)) {
    module = readModuleFile(context, path);
  } else if (FailureOr<OwningOpRef<ModuleOp>> imported =
                 path.ends_with(".onnx") ? importONNX(context, path)
                                         : importModel(context, path);
             succeeded(imported)) {
    module = std::move(*imported);
  }
  if (!module || getPhase(*module) != Phase::Imported) {
    return module;
  }
  registerPassesOnce();
  PipelineOptions options;
  StringRef folder = llvm::sys::path::parent_path(path);
  options.roots["model"] = folder.empty() ? "." : folder.str();
  FailureOr<SmallVector<PhaseInfo>> steps =
      getPath(Phase::Imported, Phase::Canonical);
  for (const PhaseInfo &phase : *steps) {
    if (failed(runPhase(*module, phase, options))) {
      return {};
    }
  }
  return module;
}

FailureOr<AdapterBase> qeff::readAdapterBase(MLIRContext *context,
                                             StringRef path) {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  context->appendDialectRegistry(registry);
  context->printOpOnDiagnostic(false);
  fs::file_status status;
  if (std::error_code code = fs::status(path, status)) {
    return mlir::emitError(getFileLocation(context, path)) << code.message();
  }
  if (isPackageDirectory(path)) {
    return readPackageBase(context, path);
  }
  OwningOpRef<ModuleOp> module = readModel(context, path);
  if (!module) {
    return failure();
  }
  FailureOr<AdapterModules> modules = collectModules(*module);
  if (failed(modules)) {
    return failure();
  }
  AdapterBase base;
  base.modules = std::move(*modules);
  return base;
}

LogicalResult qeff::convertAdapter(MLIRContext *context, StringRef directory,
                                   StringRef package, StringRef output,
                                   StringRef name, bool allowNonfinite) {
  if (failed(checkAdapterName(mlir::UnknownLoc::get(context), name))) {
    return failure();
  }
  FailureOr<AdapterBase> base = readPackageBase(context, package);
  if (failed(base)) {
    return failure();
  }
  base->options.allowNonfinite = allowNonfinite;
  FailureOr<Adapter> adapter =
      readAdapter(context, directory, base->modules, base->options);
  if (failed(adapter)) {
    return failure();
  }
  return writeAdapterFile(context, *adapter, name, output);
}
