// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that are attention already.
#ifndef QEFF_LIB_RAISE_ATTENTIONOPERATOR_H
#define QEFF_LIB_RAISE_ATTENTIONOPERATOR_H

#include "AttentionBuilder.h"

namespace qeff {

/// What ONNX's `Attention` computes, by the same proofs as a softmax between
/// two products; or nothing, and `why`.
std::optional<AttentionMatch>
matchAttentionOperator(Elements &elements, mlir::func::FuncOp function,
                       Operation *op, std::string &why);

} // namespace qeff

#endif // QEFF_LIB_RAISE_ATTENTIONOPERATOR_H
