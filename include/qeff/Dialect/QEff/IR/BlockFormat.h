// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes of GGUF's block encodings (ggml's block_q8_0, block_q4_0, block_q4_1).
#ifndef QEFF_DIALECT_QEFF_IR_BLOCKFORMAT_H
#define QEFF_DIALECT_QEFF_IR_BLOCKFORMAT_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"

namespace qeff {

/// Elements per block, along the last axis.
inline constexpr int64_t kBlockLength = 32;

/// Bytes per block.
int64_t getBlockBytes(BlockEncoding encoding);

} // namespace qeff

#endif // QEFF_DIALECT_QEFF_IR_BLOCKFORMAT_H
