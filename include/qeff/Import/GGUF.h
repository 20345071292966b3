// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The header of a GGUF file (versions 2 and 3, little-endian): counts, metadata
// pairs, tensor descriptions, then the aligned tensor data
// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
#ifndef QEFF_IMPORT_GGUF_H
#define QEFF_IMPORT_GGUF_H

#include "qeff/Import/Checkpoint.h"

namespace qeff {

class InputFile;

struct GGUFHeader {
  uint32_t version = 0;
  uint64_t metadataCount = 0;
  uint64_t metadataBegin = 0; ///< first byte of the metadata pairs
  uint64_t metadataEnd = 0;   ///< one past their last byte
  uint64_t size = 0;          ///< bytes before the tensor data
  /// Numbers, booleans, strings of at most `kMaxGGUFString` bytes, and arrays
  /// of at most `kMaxGGUFArray` numbers or booleans.
  llvm::json::Object metadata;
  llvm::StringMap<uint64_t> arrayLengths; ///< of every array
  /// Under the file's names, shapes outermost axis first; `file` is 0.
  llvm::StringMap<StoredTensor> tensors;
};

inline constexpr uint64_t kMaxGGUFString = 4096;
inline constexpr uint64_t kMaxGGUFArray = 4096;

/// Reads and checks the header of `file`: counts, lengths and types are within
/// the file and the format, names are distinct UTF-8, and every tensor of a
/// type that is known here lies in the data without overlapping another.
llvm::Expected<GGUFHeader> readGGUFHeader(const InputFile &file);

/// The metadata of `file` as a GGUF file without tensors, written to `path`:
/// what a tokenizer is built from.
llvm::Error writeGGUFMetadata(const InputFile &file, const GGUFHeader &header,
                              StringRef path);

/// The tensor `name` as numbers where it is a vector of at most
/// `kMaxGGUFArray` F32 elements (rotary factors); an error otherwise.
llvm::Expected<SmallVector<double>>
readSmallGGUFTensor(const InputFile &file, const GGUFHeader &header,
                    StringRef name);

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// How a family's GGUF files map to Hugging Face's names.
struct GGUFNames {
  struct Key {
    StringRef gguf; ///< without the architecture's prefix
    StringRef huggingFace;
  };
  /// A module's name on both sides; `%` stands for the layer's number.
  struct Module {
    StringRef gguf;
    StringRef huggingFace;
    bool transposed = false; ///< as in `StoredTensor`
    StringRef ropePairHeads; ///< the key (Hugging Face's) of the head count
                             ///< where rows are interleaved rope pairs
  };

  StringRef architecture; ///< `general.architecture`
  ArrayRef<Key> keys;
  ArrayRef<Module> modules;
  /// Completes the configuration with what is no plain key.
  llvm::Error (*complete)(const InputFile &file, const GGUFHeader &header,
                          llvm::json::Object &config) = nullptr;
};

/// Renames `header` to a checkpoint: configuration, end-of-sequence ids, tying
/// (no `output.weight`), vocabulary size, tensors. Tensors that no name matches
/// keep theirs. `names` must outlive the checkpoint.
llvm::Expected<Checkpoint> mapGGUF(const InputFile &file, GGUFHeader &header,
                                   const GGUFNames &names);

} // namespace qeff

#endif // QEFF_IMPORT_GGUF_H
