// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes room for payloads in a serialized model, so that they can be streamed
// into it.
#ifndef QEFF_LIB_TARGET_ONNX_PAYLOADEXPANDER_H
#define QEFF_LIB_TARGET_ONNX_PAYLOADEXPANDER_H

#include "qeff/Support/LLVM.h"

#include <string>
#include <vector>

namespace qeff {

/// A message whose payloads are missing: `bytes` is what stands around them.
struct ExpandedMessage {
  struct Gap {
    uint64_t position; ///< in `bytes`
    uint64_t payload;  ///< index
  };
  std::string bytes;
  std::vector<Gap> gaps; ///< ascending positions
};

/// Turns each mark of a payload in the serialized ModelProto `message` into a
/// raw_data field of the payload's size, and lengthens what is around it. Marks
/// of other payloads than those of `sizes` stay.
ExpandedMessage expandPayloads(StringRef message, ArrayRef<uint64_t> sizes);

} // namespace qeff

#endif // QEFF_LIB_TARGET_ONNX_PAYLOADEXPANDER_H
