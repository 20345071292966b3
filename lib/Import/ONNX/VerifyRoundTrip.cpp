// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Imports an ONNX model, exports it, and compares.

#include "qeff/Import/ONNX.h"

#include "qeff/Target/ONNX.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace qeff;

/// Imports and exports the model at `path` and compares.
static LogicalResult verifyRoundTrip(MLIRContext *context, StringRef path,
                                     StringRef folder) {
  FailureOr<OwningOpRef<ModuleOp>> module = importONNX(context, path);
  if (failed(module)) {
    return failure();
  }
  SmallString<256> copy(folder);
  llvm::sys::path::append(copy, "model.onnx");
  EvaluatorOptions options;
  StringRef source = llvm::sys::path::parent_path(path);
  options.roots["model"] = source.empty() ? "." : source.str();
  if (failed(exportONNX(**module, copy, options))) {
    return failure();
  }
  return compareONNX(context, path, copy);
}

LogicalResult qeff::verifyONNXRoundTrip(MLIRContext *context, StringRef path,
                                        raw_ostream &output) {
  SmallString<256> folder;
  if (std::error_code error =
          llvm::sys::fs::createUniqueDirectory("qeff-roundtrip", folder)) {
    return mlir::emitError(mlir::FileLineColLoc::get(context, path, 0, 0))
           << "cannot make a temporary folder: " << error.message();
  }
  LogicalResult result = verifyRoundTrip(context, path, folder);
  (void)llvm::sys::fs::remove_directories(folder);
  if (succeeded(result)) {
    output << path << ": the same after import and export\n";
  }
  return result;
}
