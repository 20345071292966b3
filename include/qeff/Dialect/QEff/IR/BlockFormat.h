// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GGUF's block encodings (ggml's block_q8_0, block_q4_0, block_q4_1): sizes and
// decoding. `#qeff.block` describes the layouts.
#ifndef QEFF_DIALECT_QEFF_IR_BLOCKFORMAT_H
#define QEFF_DIALECT_QEFF_IR_BLOCKFORMAT_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"

namespace qeff {

/// Elements per block, along the last axis.
inline constexpr int64_t kBlockLength = 32;

/// Bytes per block.
int64_t getBlockBytes(BlockEncoding encoding);

/// Decodes `blocks` blocks at `source` into blocks·kBlockLength floats at
/// `target`, in f32 arithmetic.
void decodeBlocks(BlockEncoding encoding, const void *source, float *target,
                  int64_t blocks);

} // namespace qeff

#endif // QEFF_DIALECT_QEFF_IR_BLOCKFORMAT_H
