// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GGUF's names to Hugging Face's.

#include "qeff/Import/GGUF.h"
#include "qeff/Import/InputFile.h"

#include "llvm/ADT/StringExtras.h"

using namespace qeff;

/// `name`, which has the pattern `from`, in the pattern `to`: the layer's number
/// stands for `%`. Nothing where it has another.
static std::optional<std::string> rename(StringRef name, StringRef from,
                                         StringRef to) {
  auto [before, after] = from.split('%');
  if (from == before) {
    return name == before ? std::optional(to.str()) : std::nullopt;
  }
  if (!name.consume_front(before) || !name.consume_back(after) ||
      name.empty() || !llvm::all_of(name, llvm::isDigit)) {
    return std::nullopt;
  }
  auto [newBefore, newAfter] = to.split('%');
  return (newBefore + name + newAfter).str();
}

/// Splits "blk.0.attn_q.weight" into the module and ".weight".
static std::pair<StringRef, StringRef> splitSuffix(StringRef name) {
  for (StringRef suffix : {".weight", ".bias"}) {
    if (name.ends_with(suffix)) {
      return {name.drop_back(suffix.size()), suffix};
    }
  }
  return {name, ""};
}

/// The GGUF name of Hugging Face's `name`, or "".
static std::string getGGUFName(const GGUFNames &names, StringRef name) {
  auto [module, suffix] = splitSuffix(name);
  for (const GGUFNames::Module &candidate : names.modules) {
    if (std::optional<std::string> renamed =
            rename(module, candidate.huggingFace, candidate.gguf)) {
      return *renamed + suffix.str();
    }
  }
  return "";
}

static void mapKeys(const GGUFHeader &header, const GGUFNames &names,
                    llvm::json::Object &config) {
  for (const GGUFNames::Key &key : names.keys) {
    const llvm::json::Value *value =
        header.metadata.get((names.architecture + "." + key.gguf).str());
    if (value) {
      config.try_emplace(key.huggingFace, *value);
    }
  }
  llvm::json::Array eos;
  for (StringRef key : {"tokenizer.ggml.eos_token_id",
                        "tokenizer.ggml.eot_token_id"}) {
    const llvm::json::Value *value = header.metadata.get(key);
    if (value && !llvm::is_contained(eos, *value)) {
      eos.push_back(*value);
    }
  }
  config["eos_token_id"] = std::move(eos);
  config["tie_word_embeddings"] = !header.tensors.contains("output.weight");
  auto embedding = header.tensors.find("token_embd.weight");
  if (embedding != header.tensors.end() && !embedding->second.shape.empty()) {
    config.try_emplace("vocab_size", embedding->second.shape.front());
  }
}

llvm::Expected<Checkpoint> qeff::mapGGUF(const InputFile &file,
                                         GGUFHeader &header,
                                         const GGUFNames &names) {
  Checkpoint checkpoint;
  checkpoint.getStoredName = [&names](StringRef name) {
    return getGGUFName(names, name);
  };
  mapKeys(header, names, checkpoint.config);
  if (names.complete) {
    if (llvm::Error error =
            names.complete(file, header, checkpoint.config)) {
      return error;
    }
  }
  for (auto &entry : header.tensors) {
    auto [module, suffix] = splitSuffix(entry.getKey());
    std::string name = entry.getKey().str();
    StoredTensor tensor = entry.second;
    for (const GGUFNames::Module &candidate : names.modules) {
      std::optional<std::string> renamed =
          rename(module, candidate.gguf, candidate.huggingFace);
      if (!renamed) {
        continue;
      }
      name = *renamed + suffix.str();
      tensor.transposed = candidate.transposed;
      if (!candidate.ropePairHeads.empty()) {
        tensor.ropePairHeads =
            checkpoint.config.getInteger(candidate.ropePairHeads).value_or(0);
      }
      break;
    }
    if (!checkpoint.tensors.try_emplace(name, std::move(tensor)).second) {
      return makeImportError("tensor '" + entry.getKey() +
                             "': expects one tensor for '" + name +
                             "', got two");
    }
  }
  return checkpoint;
}
