// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files are compared by what they are, not by how they are called.

#include "OutputCheck.h"
#include "ModuleFile.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace qeff;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

LogicalResult qeff::checkOutputFile(Location loc, const CompileOptions &options,
                                    ModuleOp module, StringRef output,
                                    const EvaluatorOptions &weights) {
  if (!fs::exists(output)) {
    return success();
  }
  bool isModel = fs::equivalent(options.model, output);
  std::error_code code;
  SmallVector<StringRef> folders = {options.model};
  for (const AdapterArgument &adapter : options.adapters) {
    folders.push_back(adapter.directory);
  }
  for (StringRef folder : folders) {
    for (fs::directory_iterator it(folder, code), end;
         it != end && !code && !isModel; it.increment(code)) {
      isModel = !isModuleFile(it->path()) &&
                fs::equivalent(it->path(), output);
    }
  }
  if (isModel) {
    return mlir::emitError(loc)
           << "cannot write '" << output << "': it is a part of the model or "
           << "of an adapter";
  }
  return checkIsNoSource(module, output, weights);
}

LogicalResult qeff::checkReportFile(Location loc, const CompileOptions &options,
                                    ModuleOp module,
                                    const EvaluatorOptions &weights) {
  if (options.report.empty()) {
    return success();
  }
  SmallString<256> folder(options.report), output(options.output);
  if (fs::make_absolute(folder) || fs::make_absolute(output)) {
    return mlir::emitError(loc) << options.report << ": expects a file";
  }
  StringRef parent = path::parent_path(folder);
  if (!fs::is_directory(parent)) {
    return mlir::emitError(loc) << "report: expects a file in a folder that is "
                                   "there, got '"
                                << options.report << "'";
  }
  path::remove_dots(folder, /*remove_dot_dot=*/true);
  path::remove_dots(output, /*remove_dot_dot=*/true);
  for (StringRef at = folder; !at.empty(); at = path::parent_path(at)) {
    if (at == output || fs::equivalent(at, output)) {
      return mlir::emitError(loc)
             << "report: expects a file outside of '" << options.output
             << "', got '" << options.report << "'";
    }
  }
  return checkOutputFile(loc, options, module, options.report, weights);
}
