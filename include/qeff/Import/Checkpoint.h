// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model as every reader yields it: a configuration under Hugging Face's keys,
// and named tensors that stay in their files.
#ifndef QEFF_IMPORT_CHECKPOINT_H
#define QEFF_IMPORT_CHECKPOINT_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <functional>
#include <string>
#include <vector>

namespace qeff {

/// How a tensor's elements are stored. `Other` is a type that no op reads; such
/// a tensor is an error only where the model needs it.
enum class StoredType { F32, F16, BF16, Q8_0, Q4_0, Q4_1, Other };

/// The encoding of a block-quantized type, or nothing for plain elements.
std::optional<BlockEncoding> getEncoding(StoredType type);

/// Bytes of `elements` elements, or nothing where that overflows or the type is
/// `Other`. Blocks hold `kBlockLength` elements.
std::optional<uint64_t> getStoredBytes(StoredType type, uint64_t elements);

/// A file that holds tensors.
struct CheckpointFile {
  std::string path;         ///< relative to the checkpoint's folder
  uint64_t size = 0;        ///< bytes
  uint64_t headerSize = 0;  ///< bytes before the tensor data
  std::string headerSHA256; ///< lower-case hexadecimal
};

/// A tensor as it lies in a file: row-major, little-endian.
struct StoredTensor {
  std::vector<int64_t> shape; ///< outermost axis first
  StoredType type = StoredType::Other;
  std::string typeName;    ///< as the file spells it
  unsigned file = 0;       ///< index into `Checkpoint::files`
  uint64_t offset = 0;     ///< bytes from the start of the file
  int64_t ropePairHeads = 0; ///< > 0: rows of each of so many heads are
                             ///< ordered as interleaved rope pairs
  bool transposed = false; ///< axes are the reverse of Hugging Face's
};

struct Checkpoint {
  std::string path;       ///< the directory or file that was read
  std::string directory;  ///< what `CheckpointFile::path` is relative to
  std::string configPath; ///< what errors about the configuration point to
  llvm::json::Object config;
  std::vector<CheckpointFile> files;
  llvm::StringMap<StoredTensor> tensors; ///< by Hugging Face's name
  /// The files' own name of a tensor, or "" where it is not known; null where
  /// the files use Hugging Face's.
  std::function<std::string(StringRef)> getStoredName;
};

/// Reads the headers of a Hugging Face model directory: config.json,
/// generation_config.json where there is one (its eos_token_id wins), and
/// model.safetensors or the files that model.safetensors.index.json lists.
/// Errors are emitted at the file that has them.
FailureOr<Checkpoint> readHuggingFaceDirectory(MLIRContext *context,
                                               StringRef directory);

/// The location that errors about the file `path` carry.
Location getFileLocation(MLIRContext *context, StringRef path);

/// Emits `error` at the file `path`; always failure.
LogicalResult emitImportError(MLIRContext *context, StringRef path,
                              llvm::Error error);

} // namespace qeff

#endif // QEFF_IMPORT_CHECKPOINT_H
