// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The header of a safetensors file, which is treated as hostile: afterwards
// every tensor is known to lie in the file, with the bytes that its type and
// shape have, and the tensors to tile the data without overlap or hole.

#ifndef QEFF_LIB_RUNTIME_SAFETENSORS_H
#define QEFF_LIB_RUNTIME_SAFETENSORS_H

#include "File.h"

#include <map>
#include <string>
#include <vector>

namespace qeff::runtime {

struct StoredTensor {
  std::string dtype; ///< "F32", "F16" or "BF16"
  std::vector<int64_t> shape;
  uint64_t offset = 0; ///< from the file's start
  uint64_t size = 0;   ///< bytes

  uint64_t getElementBytes() const { return dtype == "F32" ? 4 : 2; }
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::map<std::string, StoredTensor> tensors;

  /// The most bytes that a header may have.
  static constexpr uint64_t maxBytes = 64 << 20;

  /// Fails, without naming the file, at the first fault.
  static SafetensorsHeader read(const File &file);
};

/// `count` elements of type `dtype` at `source`, as f32.
void convertToF32(const std::byte *source, const std::string &dtype,
                  size_t count, float *result);

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_SAFETENSORS_H
