// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads an adapter's folder, and checks its values.

#include "AdapterResolver.h"

#include "qeff/Import/InputFile.h"
#include "qeff/Import/JSON.h"
#include "qeff/Import/Safetensors.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <algorithm>

using namespace qeff;

/// Bytes of values that are in memory at a time.
static constexpr size_t kPiece = 1 << 20;

static std::string join(StringRef directory, StringRef name) {
  SmallString<256> path(directory);
  llvm::sys::path::append(path, name);
  return std::string(path);
}

FailureOr<AdapterFiles> qeff::readAdapterFiles(MLIRContext *context,
                                               StringRef directory) {
  AdapterFiles files;
  std::string path = join(directory, kAdapterConfigName);
  auto fail = [&](llvm::Error error) {
    (void)emitImportError(context, path, std::move(error));
    return failure();
  };
  llvm::Expected<std::string> text = readSmallFile(path, kMaxJSONBytes);
  if (!text) {
    return fail(text.takeError());
  }
  FailureOr<PEFTConfig> config =
      parsePEFTConfig(*text, getFileLocation(context, path));
  if (failed(config)) {
    return failure();
  }
  files.config = std::move(*config);
  path = join(directory, kAdapterWeightsName);
  if (!llvm::sys::fs::exists(path) &&
      llvm::sys::fs::exists(join(directory, "adapter_model.bin"))) {
    return fail(makeImportError("expects this file, got adapter_model.bin, "
                                "which is a pickle; save the adapter with "
                                "safe_serialization"));
  }
  llvm::Expected<InputFile> file = InputFile::open(path);
  if (!file) {
    return fail(file.takeError());
  }
  llvm::Expected<SafetensorsHeader> header = readSafetensorsHeader(*file);
  if (!header) {
    return fail(header.takeError());
  }
  llvm::Expected<std::string> hash = file->hashPrefix(header->size);
  if (!hash) {
    return fail(hash.takeError());
  }
  files.file = {kAdapterWeightsName.str(), file->getSize(), header->size,
                std::move(*hash)};
  files.tensors = std::move(header->tensors);
  return files;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// Index of the first element whose exponent has all bits set, or -1.
static int64_t findNonfinite(ArrayRef<char> bytes, StoredType type) {
  if (type == StoredType::F32) {
    constexpr uint32_t kExponent = 0x7f800000;
    for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      uint32_t bits = llvm::support::endian::read32le(bytes.data() + i);
      if ((bits & kExponent) == kExponent) {
        return static_cast<int64_t>(i / 4);
      }
    }
    return -1;
  }
  const uint16_t exponent = type == StoredType::F16 ? 0x7c00 : 0x7f80;
  for (size_t i = 0; i + 2 <= bytes.size(); i += 2) {
    uint16_t bits = llvm::support::endian::read16le(bytes.data() + i);
    if ((bits & exponent) == exponent) {
      return static_cast<int64_t>(i / 2);
    }
  }
  return -1;
}

static llvm::Error checkTensor(const InputFile &file,
                               const AdapterTensor &tensor,
                               std::vector<char> &piece) {
  uint64_t elements = 1;
  for (int64_t size : tensor.tensor.shape) {
    elements *= static_cast<uint64_t>(size); // the header's reader checked it
  }
  uint64_t size = tensor.tensor.type == StoredType::F32 ? 4 : 2;
  for (uint64_t done = 0; done < elements * size;) {
    size_t bytes = std::min<uint64_t>(kPiece, elements * size - done);
    piece.resize(bytes);
    if (llvm::Error error =
            file.read(tensor.tensor.offset + done, piece.data(), bytes)) {
      return error;
    }
    int64_t index = findNonfinite(piece, tensor.tensor.type);
    if (index >= 0) {
      return makeImportError("expects finite values in tensor '" +
                             tensor.name +
                             "', got NaN or infinity as element " +
                             Twine(done / size + index));
    }
    done += bytes;
  }
  return llvm::Error::success();
}

LogicalResult qeff::checkFinite(MLIRContext *context, StringRef path,
                                uint64_t size,
                                ArrayRef<AdapterTensor> tensors) {
  llvm::Expected<InputFile> file = InputFile::open(path);
  if (!file) {
    return emitImportError(context, path, file.takeError());
  }
  if (file->getSize() != size) {
    return emitImportError(
        context, path,
        makeImportError("expects " + Twine(size) +
                        " bytes, as when the header was read, got " +
                        Twine(file->getSize())));
  }
  std::vector<char> piece;
  for (const AdapterTensor &tensor : tensors) {
    if (llvm::Error error = checkTensor(*file, tensor, piece)) {
      return emitImportError(context, path, std::move(error));
    }
  }
  return success();
}

static std::vector<AdapterTensor> getTensors(const Adapter &adapter) {
  std::vector<AdapterTensor> tensors;
  for (const AdapterPair &pair : adapter.pairs) {
    tensors.push_back(pair.a);
    tensors.push_back(pair.b);
    if (pair.magnitude) {
      tensors.push_back(*pair.magnitude);
    }
  }
  for (const AdapterParameter &parameter : adapter.parameters) {
    tensors.push_back(parameter.value);
  }
  return tensors;
}

FailureOr<Adapter> qeff::readAdapter(MLIRContext *context, StringRef directory,
                                     const AdapterModules &modules,
                                     const AdapterOptions &options) {
  FailureOr<AdapterFiles> files = readAdapterFiles(context, directory);
  if (failed(files)) {
    return failure();
  }
  std::string weights = join(directory, kAdapterWeightsName);
  FailureOr<Adapter> adapter = resolveAdapter(
      *files, modules, options,
      {getFileLocation(context, join(directory, kAdapterConfigName)),
       getFileLocation(context, weights)});
  if (failed(adapter)) {
    return failure();
  }
  adapter->directory = directory.str();
  if (!options.allowNonfinite &&
      failed(checkFinite(context, weights, adapter->file.size,
                         getTensors(*adapter)))) {
    return failure();
  }
  return adapter;
}
