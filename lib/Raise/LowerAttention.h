// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention operators of com.microsoft as those of ONNX.
#ifndef QEFF_LIB_RAISE_LOWERATTENTION_H
#define QEFF_LIB_RAISE_LOWERATTENTION_H

#include "OperatorBuilder.h"

namespace qeff {

class SymbolicShapes;

/// Whether `op` is GroupQueryAttention, MultiHeadAttention or Attention of
/// com.microsoft.
bool isMicrosoftAttention(Operation *op);

/// Replaces the uses of `op`, for which isMicrosoftAttention holds, by those of
/// ONNX's Attention; false, and `why`, where it has no such form.
bool lowerAttention(OperatorBuilder &builder, SymbolicShapes &shapes,
                    Operation *op, std::string &why);

/// Replaces the uses of `op` by those of ONNX's RotaryEmbedding; false where it
/// has no such form.
bool lowerRotaryEmbedding(OperatorBuilder &builder,
                          onnxir::MicrosoftRotaryEmbeddingOp op);

} // namespace qeff

#endif // QEFF_LIB_RAISE_LOWERATTENTION_H
