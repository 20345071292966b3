// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies a model's tokenizer files.

#include "qeff/Import/Tokenizer.h"
#include "qeff/Import/GGUF.h"
#include "qeff/Import/InputFile.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace qeff;

/// What transformers and tokenizers read besides weights.
static constexpr StringRef kFiles[] = {
    "tokenizer.json",      "tokenizer_config.json",
    "tokenizer.model",     "special_tokens_map.json",
    "added_tokens.json",   "vocab.json",
    "merges.txt",          "chat_template.jinja",
    "chat_template.json",  "generation_config.json",
    "config.json"};

static constexpr uint64_t kCopyBytes = 1 << 16;

static std::string join(StringRef directory, StringRef name) {
  SmallString<256> result(directory);
  llvm::sys::path::append(result, name);
  return std::string(result);
}

/// Writes the bytes [begin, end) of `file` to `os`.
static llvm::Error copyRange(const InputFile &file, uint64_t begin,
                             uint64_t end, llvm::raw_ostream &os) {
  std::vector<char> buffer(kCopyBytes);
  for (uint64_t offset = begin; offset < end;) {
    size_t step =
        static_cast<size_t>(std::min<uint64_t>(kCopyBytes, end - offset));
    if (llvm::Error error = file.read(offset, buffer.data(), step)) {
      return error;
    }
    os.write(buffer.data(), step);
    offset += step;
  }
  return llvm::Error::success();
}

/// Runs `write` on a stream to `path`; what goes wrong is the result.
static llvm::Error
writeFile(StringRef path,
          llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write) {
  std::error_code code;
  llvm::raw_fd_ostream os(path, code, llvm::sys::fs::OF_None);
  if (code) {
    return makeImportError("cannot write '" + path + "': " + code.message());
  }
  llvm::Error error = write(os);
  os.close();
  if (os.has_error()) {
    code = os.error();
    os.clear_error();
    llvm::consumeError(std::move(error));
    return makeImportError("cannot write '" + path + "': " + code.message());
  }
  return error;
}

llvm::Error qeff::writeGGUFMetadata(const InputFile &file,
                                    const GGUFHeader &header, StringRef path) {
  return writeFile(path, [&](llvm::raw_ostream &os) {
    llvm::support::endian::Writer writer(os, llvm::endianness::little);
    os << "GGUF";
    writer.write<uint32_t>(header.version);
    writer.write<uint64_t>(0); // tensors
    writer.write<uint64_t>(header.metadataCount);
    return copyRange(file, header.metadataBegin, header.metadataEnd, os);
  });
}

static llvm::Error copyFromDirectory(StringRef model, StringRef destination) {
  for (StringRef name : kFiles) {
    std::string source = join(model, name);
    if (!llvm::sys::fs::exists(source)) {
      continue;
    }
    llvm::Expected<InputFile> file = InputFile::open(source);
    if (!file) {
      return makeImportError("'" + source +
                             "': " + llvm::toString(file.takeError()));
    }
    llvm::Error error =
        writeFile(join(destination, name), [&](llvm::raw_ostream &os) {
          return copyRange(*file, 0, file->getSize(), os);
        });
    if (error) {
      return error;
    }
  }
  return llvm::Error::success();
}

static llvm::Error copyFromGGUF(StringRef model, StringRef destination) {
  llvm::Expected<InputFile> file = InputFile::open(model);
  if (!file) {
    return file.takeError();
  }
  llvm::Expected<GGUFHeader> header = readGGUFHeader(*file);
  if (!header) {
    return header.takeError();
  }
  return writeGGUFMetadata(*file, *header,
                           join(destination, "tokenizer.gguf"));
}

LogicalResult qeff::copyTokenizerFiles(StringRef model,
                                       StringRef destinationDirectory,
                                       Location loc) {
  if (std::error_code code = llvm::sys::fs::create_directories(
          destinationDirectory, /*IgnoreExisting=*/true,
          llvm::sys::fs::all_all)) {
    return mlir::emitError(loc) << "cannot create '" << destinationDirectory
                                << "': " << code.message();
  }
  llvm::Error error = llvm::sys::fs::is_directory(model)
                          ? copyFromDirectory(model, destinationDirectory)
                          : copyFromGGUF(model, destinationDirectory);
  if (error) {
    return mlir::emitError(loc) << llvm::toString(std::move(error));
  }
  return success();
}
