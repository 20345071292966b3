// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tells packages from what is none, marks them, and keeps what is the user's.

#include "OutputPackage.h"

#include "qeff/Import/InputFile.h"
#include "qeff/Import/JSON.h"
#include "qeff/Target/OutputFile.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <unistd.h>

using namespace qeff;
namespace fs = llvm::sys::fs;

static constexpr StringRef kMarkerName = "qeff.json";
static constexpr StringRef kMarkerText =
    "{\"format\": \"qeff.package\", \"version\": 1}\n";
/// Room for what later versions say in it.
static constexpr uint64_t kMaxMarkerBytes = 1 << 20;

static std::string joinPath(StringRef directory, StringRef name) {
  SmallString<256> path(directory);
  llvm::sys::path::append(path, name);
  return std::string(path);
}

/// Whether `directory` carries our marker, of any version.
static bool isPackage(StringRef directory) {
  llvm::Expected<std::string> text =
      readSmallFile(joinPath(directory, kMarkerName), kMaxMarkerBytes);
  if (!text) {
    llvm::consumeError(text.takeError());
    return false;
  }
  llvm::Expected<llvm::json::Object> marker = parseJSONObject(*text);
  if (!marker) {
    llvm::consumeError(marker.takeError());
    return false;
  }
  return marker->getString("format") == StringRef("qeff.package");
}

//===----------------------------------------------------------------------===//
// What is in a package
//===----------------------------------------------------------------------===//

/// What the compilers write, by folder. The names in "tokenizer" are the
/// model's, those in "qpc" the card compiler's.
static bool isPart(StringRef folder, StringRef name) {
  if (folder == "host") {
    static constexpr StringRef kHost[] = {"qpc.json",  "program.so",
                                          "weights.bin", "tokenizer",
                                          "tokenizer.gguf", "adapters"};
    return llvm::is_contained(kHost, name);
  }
  if (folder == "aic100") {
    static constexpr StringRef kCard[] = {
        "model.onnx",     "model.onnx.data", "specializations.json",
        "custom_io.yaml", "compile.sh",      "qpc"};
    return llvm::is_contained(kCard, name);
  }
  if (folder == "onnx") {
    return name == "model.onnx" || name == "model.onnx.data";
  }
  static constexpr StringRef kTop[] = {kMarkerName, "host", "aic100", "onnx",
                                       "adapters"};
  return llvm::is_contained(kTop, name);
}

/// Whether `package` may be replaced: it carries our marker and holds nothing
/// that is not a part of packages.
static LogicalResult checkReplaceable(Location loc, StringRef path,
                                      StringRef package) {
  if (!isPackage(package)) {
    return mlir::emitError(loc)
           << path << ": exists and is no package of qeff; remove it or "
           << "choose another output";
  }
  for (StringRef folder : {"", "host", "aic100", "onnx"}) {
    std::error_code code;
    for (fs::directory_iterator it(joinPath(package, folder), code,
                                   /*follow_symlinks=*/false),
         end;
         it != end && !code; it.increment(code)) {
      StringRef name = llvm::sys::path::filename(it->path());
      if (!isPart(folder, name)) {
        return mlir::emitError(loc)
               << joinPath(joinPath(path, folder), name)
               << ": is no part of the package that is to be replaced; move "
                  "it or choose another output";
      }
    }
  }
  return success();
}

/// Gives the file `from` the name `to` as well, unless something has it.
static std::error_code share(const std::string &from, const std::string &to) {
  if (::link(from.c_str(), to.c_str()) == 0 || errno == EEXIST) {
    return {};
  }
  if (errno == ENOENT) {
    return std::make_error_code(std::errc::no_such_file_or_directory);
  }
  // A file system without hard links, or a file of another user.
  return fs::copy_file(from, to);
}

/// Gives everything in the folder `from`, where there is one, a place in the
/// folder `to` too; what is there already stays. No folder is made for nothing.
static std::error_code carryOver(const std::string &from,
                                 const std::string &to) {
  if (fs::get_file_type(from, /*Follow=*/false) ==
          fs::file_type::symlink_file &&
      !fs::exists(to)) {
    return share(from, to);
  }
  if (!fs::is_directory(from)) {
    return {};
  }
  std::error_code code;
  for (fs::directory_iterator it(from, code, /*follow_symlinks=*/false), end;
       it != end && !code; it.increment(code)) {
    StringRef name = llvm::sys::path::filename(it->path());
    if (name == kTargetsName) {
      continue;
    }
    code = fs::create_directories(to, /*IgnoreExisting=*/true,
                                  fs::perms::all_all);
    if (code) {
      break;
    }
    fs::file_type type = fs::get_file_type(it->path(), /*Follow=*/false);
    code = type == fs::file_type::directory_file
               ? carryOver(it->path(), joinPath(to, name))
               : share(it->path(), joinPath(to, name));
    if (code) {
      break;
    }
  }
  return code;
}

//===----------------------------------------------------------------------===//
// OutputPackage
//===----------------------------------------------------------------------===//

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
    if (failed(checkReplaceable(loc, path, real))) {
      return failure();
    }
  }
  FailureOr<OutputDirectory> directory = OutputDirectory::create(loc, real);
  if (failed(directory)) {
    return failure();
  }
  return OutputPackage(loc, std::move(*directory));
}

/// Carries over what users keep in the old package, as long as there is one.
LogicalResult OutputPackage::keepAdapters() {
  StringRef path = directory.getPath();
  fs::UniqueID before, after;
  while (!fs::getUniqueID(path, before)) {
    if (failed(checkReplaceable(loc, path, path))) {
      return failure();
    }
    std::error_code code;
    for (StringRef folder : {"adapters", "host/adapters"}) {
      if (!code) {
        code = carryOver(joinPath(path, folder),
                         joinPath(getDirectory(), folder));
      }
    }
    bool isSame = !fs::getUniqueID(path, after) && before == after;
    if (!code && isSame) {
      break;
    }
    // Another run may have put its package there in between.
    if (isSame) {
      return mlir::emitError(loc)
             << path << ": cannot carry over adapters: " << code.message();
    }
  }
  return success();
}

LogicalResult OutputPackage::commit() {
  if (failed(writeFile(loc, joinPath(getDirectory(), kMarkerName),
                       kMarkerText)) ||
      failed(keepAdapters())) {
    return failure();
  }
  return directory.commit(/*replace=*/true);
}
