// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the headers of a Hugging Face model directory.

#include "qeff/Import/InputFile.h"
#include "qeff/Import/JSON.h"
#include "qeff/Import/Safetensors.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <map>

using namespace qeff;

namespace path = llvm::sys::path;

static constexpr StringRef kConfig = "config.json";
static constexpr StringRef kGenerationConfig = "generation_config.json";
static constexpr StringRef kWeights = "model.safetensors";
static constexpr StringRef kIndex = "model.safetensors.index.json";

/// Most shards that an index may name.
static constexpr size_t kMaxShards = 4096;

static std::string joinPath(StringRef directory, StringRef name) {
  SmallString<256> result(directory);
  path::append(result, name);
  return std::string(result);
}

static FailureOr<llvm::json::Object> readJSONFile(MLIRContext *context,
                                                  StringRef file) {
  llvm::Expected<std::string> text = readSmallFile(file, kMaxJSONBytes);
  if (!text) {
    (void)emitImportError(context, file, text.takeError());
    return failure();
  }
  llvm::Expected<llvm::json::Object> object = parseJSONObject(*text);
  if (!object) {
    (void)emitImportError(context, file, object.takeError());
    return failure();
  }
  return std::move(*object);
}

/// Whether `name` stays inside the folder that it is relative to. A link that
/// the user placed there may point anywhere.
static bool isInside(StringRef name) {
  if (name.empty() || name.contains('\0') || name.contains('\\') ||
      path::is_absolute(name)) {
    return false;
  }
  for (auto it = path::begin(name), e = path::end(name); it != e; ++it) {
    if (*it == "..") {
      return false;
    }
  }
  return true;
}

/// Reads the header of the file `name`, registers the file, and hands its
/// tensors to `take`.
static LogicalResult
readShard(MLIRContext *context, Checkpoint &checkpoint, StringRef name,
          llvm::function_ref<LogicalResult(llvm::StringMap<StoredTensor> &)>
              take) {
  std::string shard = joinPath(checkpoint.directory, name);
  llvm::Expected<InputFile> file = InputFile::open(shard);
  if (!file) {
    return emitImportError(context, shard, file.takeError());
  }
  llvm::Expected<SafetensorsHeader> header = readSafetensorsHeader(*file);
  if (!header) {
    return emitImportError(context, shard, header.takeError());
  }
  llvm::Expected<std::string> hash = file->hashPrefix(header->size);
  if (!hash) {
    return emitImportError(context, shard, hash.takeError());
  }
  unsigned index = static_cast<unsigned>(checkpoint.files.size());
  checkpoint.files.push_back(
      {name.str(), file->getSize(), header->size, std::move(*hash)});
  for (auto &entry : header->tensors) {
    entry.second.file = index;
  }
  return take(header->tensors);
}

static LogicalResult readIndex(MLIRContext *context, Checkpoint &checkpoint) {
  std::string indexPath = joinPath(checkpoint.directory, kIndex);
  FailureOr<llvm::json::Object> index = readJSONFile(context, indexPath);
  if (failed(index)) {
    return failure();
  }
  Location loc = getFileLocation(context, indexPath);
  const llvm::json::Object *map = index->getObject("weight_map");
  if (!map) {
    return mlir::emitError(loc) << "expects a 'weight_map' object";
  }
  std::map<std::string, std::vector<StringRef>> byShard;
  for (const auto &member : *map) {
    std::optional<StringRef> file = member.second.getAsString();
    if (!file) {
      return mlir::emitError(loc)
             << "expects the file of tensor '" << StringRef(member.first)
             << "' to be a string, got " << getJSONKind(member.second);
    }
    if (!isInside(*file)) {
      return mlir::emitError(loc) << "expects the name of a file inside the "
                                     "model's folder, got '"
                                  << *file << "'";
    }
    byShard[file->str()].push_back(member.first);
  }
  if (byShard.size() > kMaxShards) {
    return mlir::emitError(loc) << "expects at most " << kMaxShards
                                << " files, got " << byShard.size();
  }
  for (auto &[name, tensors] : byShard) {
    llvm::sort(tensors);
    auto take = [&, shard = StringRef(name), &names = tensors](
                    llvm::StringMap<StoredTensor> &found) -> LogicalResult {
      for (StringRef tensor : names) {
        auto entry = found.find(tensor);
        if (entry == found.end()) {
          return mlir::emitError(loc) << "expects tensor '" << tensor
                                      << "' in '" << shard
                                      << "', got a file without it";
        }
        checkpoint.tensors.try_emplace(tensor, entry->second);
      }
      return success();
    };
    if (failed(readShard(context, checkpoint, name, take))) {
      return failure();
    }
  }
  return success();
}

static LogicalResult readWeights(MLIRContext *context,
                                 Checkpoint &checkpoint) {
  StringRef directory = checkpoint.directory;
  if (llvm::sys::fs::exists(joinPath(directory, kWeights))) {
    return readShard(context, checkpoint, kWeights,
                     [&](llvm::StringMap<StoredTensor> &found) {
                       checkpoint.tensors = std::move(found);
                       return success();
                     });
  }
  if (llvm::sys::fs::exists(joinPath(directory, kIndex))) {
    return readIndex(context, checkpoint);
  }
  return mlir::emitError(getFileLocation(context, directory))
         << "expects " << kWeights << " or " << kIndex
         << " in the model's folder, got neither";
}

/// Generation settings live in their own file since transformers 4.26; its
/// end-of-sequence ids win over those of config.json.
static LogicalResult readGenerationConfig(MLIRContext *context,
                                          Checkpoint &checkpoint) {
  std::string file = joinPath(checkpoint.directory, kGenerationConfig);
  if (!llvm::sys::fs::exists(file)) {
    return success();
  }
  FailureOr<llvm::json::Object> settings = readJSONFile(context, file);
  if (failed(settings)) {
    return failure();
  }
  const llvm::json::Value *eos = settings->get("eos_token_id");
  if (eos && eos->kind() != llvm::json::Value::Null) {
    checkpoint.config["eos_token_id"] = *eos;
  }
  return success();
}

FailureOr<Checkpoint> qeff::readHuggingFaceDirectory(MLIRContext *context,
                                                     StringRef directory) {
  Checkpoint checkpoint;
  checkpoint.path = directory.str();
  checkpoint.directory = directory.str();
  checkpoint.configPath = joinPath(directory, kConfig);
  FailureOr<llvm::json::Object> config =
      readJSONFile(context, checkpoint.configPath);
  if (failed(config)) {
    return failure();
  }
  checkpoint.config = std::move(*config);
  if (failed(readGenerationConfig(context, checkpoint)) ||
      failed(readWeights(context, checkpoint))) {
    return failure();
  }
  return checkpoint;
}
