// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tells packages from what is none, and marks them.

#include "OutputPackage.h"

#include "qeff/Target/OutputFile.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace qeff;
namespace fs = llvm::sys::fs;

static constexpr StringRef kMarkerName = "qeff.json";
static constexpr StringRef kMarkerText =
    "{\"format\": \"qeff.package\", \"version\": 1}\n";

static std::string joinPath(StringRef directory, StringRef name) {
  SmallString<256> path(directory);
  llvm::sys::path::append(path, name);
  return std::string(path);
}

/// Whether `directory` carries our marker, of any version.
static bool isPackage(StringRef directory) {
  auto buffer = llvm::MemoryBuffer::getFile(joinPath(directory, kMarkerName));
  if (!buffer) {
    return false;
  }
  llvm::Expected<llvm::json::Value> value =
      llvm::json::parse((*buffer)->getBuffer());
  if (!value) {
    llvm::consumeError(value.takeError());
    return false;
  }
  const llvm::json::Object *object = value->getAsObject();
  return object && object->getString("format") == StringRef("qeff.package");
}

FailureOr<OutputPackage> OutputPackage::create(Location loc, StringRef path) {
  while (path.size() > 1 && path.ends_with("/")) {
    path = path.drop_back();
  }
  if (path.empty() || path.contains('\0')) {
    return mlir::emitError(loc) << "expects the name of an output directory";
  }
  SmallString<256> real(path);
  if (fs::exists(path)) {
    // A link keeps its place, its target is replaced.
    if (std::error_code code = fs::real_path(path, real)) {
      return mlir::emitError(loc) << path << ": " << code.message();
    }
    if (!isPackage(real)) {
      return mlir::emitError(loc)
             << path << ": exists and is no package of qeff; remove it or "
             << "choose another output";
    }
  }
  FailureOr<OutputDirectory> directory = OutputDirectory::create(loc, real);
  if (failed(directory)) {
    return failure();
  }
  return OutputPackage(loc, std::move(*directory));
}

LogicalResult OutputPackage::commit() {
  if (failed(writeFile(loc, joinPath(getDirectory(), kMarkerName),
                       kMarkerText))) {
    return failure();
  }
  return directory.commit(/*replace=*/true);
}
