// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes an adapter as a swap-mode package loads it.

#include "AdapterResolver.h"

#include "qeff/Import/InputFile.h"
#include "qeff/Target/OutputFile.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/Path.h"

#include <cmath>

using namespace qeff;

/// Bytes that are in memory at a time.
static constexpr size_t kPiece = 1 << 20;

namespace {
/// A tensor of the file: bytes at hand, or bytes of the adapter's file.
struct Entry {
  std::string name;
  std::string type;
  std::vector<int64_t> shape;
  uint64_t bytes = 0;
  uint64_t source = 0;  ///< offset in the adapter's file
  std::string contents; ///< where the bytes are at hand
};
} // namespace

static Entry makeTensor(const std::string &name, const AdapterTensor &tensor) {
  Entry entry;
  entry.name = name;
  entry.type = tensor.tensor.typeName;
  entry.shape = tensor.tensor.shape;
  entry.bytes = tensor.tensor.type == StoredType::F32 ? 4 : 2;
  for (int64_t size : tensor.tensor.shape) {
    entry.bytes *= static_cast<uint64_t>(size); // the header's reader checked
  }
  entry.source = tensor.tensor.offset;
  return entry;
}

static Entry makeScaling(const AdapterPair &pair, float scaling) {
  Entry entry;
  entry.name = pair.module + ".lora_scaling";
  entry.type = "F32";
  entry.shape = {1};
  entry.bytes = sizeof(scaling);
  entry.contents.resize(sizeof(scaling));
  llvm::support::endian::write32le(entry.contents.data(),
                                   llvm::bit_cast<uint32_t>(scaling));
  return entry;
}

/// Wider types first, so that every tensor is aligned to its elements.
static std::vector<Entry> listEntries(const Adapter &adapter, double weight) {
  std::vector<Entry> entries;
  for (const AdapterPair &pair : adapter.pairs) {
    std::string name = (kAdapterPrefix + pair.module).str();
    entries.push_back(
        makeScaling(pair, static_cast<float>(pair.scaling * weight)));
    entries.push_back(makeTensor(name + ".lora_A.weight", pair.a));
    entries.push_back(makeTensor(name + ".lora_B.weight", pair.b));
  }
  llvm::stable_sort(entries, [](const Entry &a, const Entry &b) {
    return a.type == "F32" && b.type != "F32";
  });
  return entries;
}

/// Length and JSON, padded to a multiple of 8 bytes.
static std::string makeHeader(ArrayRef<Entry> entries, StringRef name) {
  std::string json;
  llvm::raw_string_ostream text(json);
  llvm::json::OStream os(text);
  os.object([&] {
    os.attributeObject("__metadata__", [&] {
      os.attribute("format", "qeff.adapter");
      os.attribute("name", name);
    });
    uint64_t offset = 0;
    for (const Entry &entry : entries) {
      os.attributeObject(entry.name, [&] {
        os.attribute("dtype", entry.type);
        os.attributeArray("shape", [&] {
          for (int64_t size : entry.shape) {
            os.value(size);
          }
        });
        os.attributeArray("data_offsets", [&] {
          os.value(static_cast<int64_t>(offset));
          os.value(static_cast<int64_t>(offset + entry.bytes));
        });
      });
      offset += entry.bytes;
    }
  });
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string header(8, '\0');
  llvm::support::endian::write64le(header.data(), json.size());
  return header + json;
}

static LogicalResult copy(MLIRContext *context, StringRef path,
                          const InputFile &input, const Entry &entry,
                          OutputFile &output, std::vector<char> &piece) {
  for (uint64_t done = 0; done < entry.bytes;) {
    size_t bytes = std::min<uint64_t>(kPiece, entry.bytes - done);
    piece.resize(bytes);
    if (llvm::Error error =
            input.read(entry.source + done, piece.data(), bytes)) {
      return emitImportError(context, path, std::move(error));
    }
    if (failed(output.write(StringRef(piece.data(), bytes)))) {
      return failure();
    }
    done += bytes;
  }
  return success();
}

/// The adapter's file must be the one whose header was read.
static llvm::Error checkHeader(const InputFile &input,
                               const CheckpointFile &file) {
  if (input.getSize() != file.size) {
    return makeImportError("expects " + Twine(file.size) +
                           " bytes, as when the header was read, got " +
                           Twine(input.getSize()));
  }
  llvm::Expected<std::string> hash = input.hashPrefix(file.headerSize);
  if (!hash) {
    return hash.takeError();
  }
  return *hash == file.headerSHA256
             ? llvm::Error::success()
             : makeImportError("expects the header that was read first, got "
                               "another");
}

LogicalResult qeff::writeAdapterFile(MLIRContext *context,
                                     const Adapter &adapter, StringRef name,
                                     StringRef path, double weight) {
  Location loc = getFileLocation(context, path);
  if (failed(checkAdapterName(loc, name))) {
    return failure();
  }
  bool pairsOnly = adapter.parameters.empty();
  for (const AdapterPair &pair : adapter.pairs) {
    pairsOnly &=
        pair.kind == AdapterModule::Kind::Linear && !pair.magnitude;
    if (!std::isfinite(static_cast<float>(pair.scaling * weight))) {
      return mlir::emitError(loc)
             << "expects a scaling that f32 holds, got "
             << pair.scaling * weight << " for '" << pair.module << "'";
    }
  }
  if (!pairsOnly) {
    return mlir::emitError(loc) << "expects an adapter of low-rank pairs of "
                                   "linear layers alone";
  }
  SmallString<256> source(adapter.directory);
  llvm::sys::path::append(source, adapter.file.path);
  llvm::Expected<InputFile> input = InputFile::open(source);
  if (!input) {
    return emitImportError(context, source, input.takeError());
  }
  if (llvm::Error error = checkHeader(*input, adapter.file)) {
    return emitImportError(context, source, std::move(error));
  }
  FailureOr<OutputFile> output = OutputFile::create(loc, path);
  std::vector<Entry> entries = listEntries(adapter, weight);
  if (failed(output) || failed(output->write(makeHeader(entries, name)))) {
    return failure();
  }
  std::vector<char> piece;
  for (const Entry &entry : entries) {
    if (failed(entry.contents.empty()
                   ? copy(context, source, *input, entry, *output, piece)
                   : output->write(entry.contents))) {
      return failure();
    }
  }
  return output->commit();
}
