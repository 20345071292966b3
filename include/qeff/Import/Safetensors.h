// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The header of a safetensors file: 8 bytes of length, that many bytes of JSON,
// then the tensor data without holes
// (https://huggingface.co/docs/safetensors/index#format).
#ifndef QEFF_IMPORT_SAFETENSORS_H
#define QEFF_IMPORT_SAFETENSORS_H

#include "qeff/Import/Checkpoint.h"

namespace qeff {

class InputFile;

struct SafetensorsHeader {
  uint64_t size = 0; ///< bytes before the tensor data
  llvm::StringMap<StoredTensor> tensors; ///< `file` is 0
  llvm::StringMap<std::string> metadata; ///< the strings of `__metadata__`
};

/// Parses the JSON `text` of a header that ends at byte `headerSize` of a file
/// of `fileSize` bytes (headerSize <= fileSize). Every tensor must lie in the
/// data with the size that its type and shape say, without overlaps or holes.
llvm::Expected<SafetensorsHeader>
parseSafetensorsHeader(StringRef text, uint64_t headerSize, uint64_t fileSize);

/// Reads and parses the header of `file`.
llvm::Expected<SafetensorsHeader> readSafetensorsHeader(const InputFile &file);

} // namespace qeff

#endif // QEFF_IMPORT_SAFETENSORS_H
