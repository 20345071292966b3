// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opening and checking of weight files; reads and writes that are complete or
// an error.

#include "Files.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qeff;

WeightFile::~WeightFile() { ::close(fd); }

LogicalResult qeff::readExactly(const WeightFile &file, void *target,
                                int64_t size, int64_t offset,
                                std::string &error) {
  auto *bytes = static_cast<char *>(target);
  while (size > 0) {
    ssize_t count = ::pread(file.fd, bytes, size, offset);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      error = "cannot read '" + file.path + "': " + std::strerror(errno);
      return failure();
    }
    if (count == 0) {
      error = "expects " + std::to_string(size) + " more bytes at offset " +
              std::to_string(offset) + " of '" + file.path +
              "', got the end of the file";
      return failure();
    }
    bytes += count;
    offset += count;
    size -= count;
  }
  return success();
}

LogicalResult qeff::writeExactly(int fd, StringRef name, const void *source,
                                 int64_t size, int64_t offset,
                                 std::string &error) {
  const auto *bytes = static_cast<const char *>(source);
  while (size > 0) {
    ssize_t count = ::pwrite(fd, bytes, size, offset);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      error = "cannot write '" + name.str() +
              "': " + std::strerror(count < 0 ? errno : ENOSPC);
      return failure();
    }
    bytes += count;
    offset += count;
    size -= count;
  }
  return success();
}

/// SHA-256 of the first `size` bytes.
static FailureOr<std::string> hashHeader(const WeightFile &file, int64_t size,
                                         std::string &error) {
  llvm::SHA256 hash;
  std::vector<uint8_t> buffer(std::min<int64_t>(size, 1 << 16));
  for (int64_t offset = 0; offset < size;) {
    auto count =
        std::min(size - offset, static_cast<int64_t>(buffer.size()));
    if (failed(readExactly(file, buffer.data(), count, offset, error))) {
      return failure();
    }
    hash.update(llvm::ArrayRef(buffer).take_front(count));
    offset += count;
  }
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

/// Whether `path` stays inside the folder it is relative to.
static bool staysInside(StringRef path) {
  if (path.empty() || path.contains('\0') ||
      llvm::sys::path::is_absolute(path)) {
    return false;
  }
  return std::none_of(llvm::sys::path::begin(path),
                      llvm::sys::path::end(path),
                      [](StringRef part) { return part == ".."; });
}

/// Where `op` lies below the folder of its root.
static std::string getFilePath(FileOp op, StringRef folder) {
  SmallString<256> path(folder.empty() ? "." : folder);
  llvm::sys::path::append(path, op.getPath());
  return path.str().str();
}

LogicalResult qeff::checkIsNoSource(ModuleOp module, StringRef path,
                                    const EvaluatorOptions &options) {
  for (auto file : module.getOps<FileOp>()) {
    auto root = options.roots.find(file.getRoot());
    if (root != options.roots.end() &&
        llvm::sys::fs::equivalent(getFilePath(file, root->second), path)) {
      return mlir::emitError(module.getLoc())
             << "cannot write '" << path << "': it holds weights of the model";
    }
  }
  return success();
}

FailureOr<const WeightFile *> FileSet::open(FileOp op) {
  std::unique_ptr<WeightFile> &slot = files[op];
  if (slot) {
    return slot.get();
  }
  auto root = options.roots.find(op.getRoot());
  if (root == options.roots.end()) {
    return op.emitError("expects a folder for root '")
           << op.getRoot() << "', got none";
  }
  if (!staysInside(op.getPath())) {
    return op.emitError("expects a path inside root '")
           << op.getRoot() << "', got '" << op.getPath() << "'";
  }
  std::string name = getFilePath(op, root->second);
  int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return op.emitError("cannot open '")
           << name << "': " << std::strerror(errno) << "; root '"
           << op.getRoot() << "' is bound to '"
           << (root->second.empty() ? "." : root->second) << "' (--root="
           << op.getRoot() << "=DIR binds it to another folder)";
  }
  auto file = std::make_unique<WeightFile>(fd, name);
  struct stat status;
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return op.emitError("expects a regular file, got '") << name << "'";
  }
  if (status.st_size != static_cast<int64_t>(op.getSize())) {
    return op.emitError("expects ")
           << op.getSize() << " bytes in '" << name << "', got "
           << static_cast<int64_t>(status.st_size);
  }
  if (std::optional<StringRef> expected = op.getHeaderSha256()) {
    std::string error;
    FailureOr<std::string> got =
        hashHeader(*file, static_cast<int64_t>(op.getHeaderSize()), error);
    if (failed(got)) {
      return op.emitError(error);
    }
    if (!expected->equals_insensitive(*got)) {
      return op.emitError("expects the header of '")
             << name << "' to have SHA-256 " << *expected << ", got " << *got;
    }
  }
  slot = std::move(file);
  return slot.get();
}
