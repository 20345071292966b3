// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frequencies of rotary position embeddings.
#ifndef QEFF_DIALECT_QEFF_IR_ROPE_H
#define QEFF_DIALECT_QEFF_IR_ROPE_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"

namespace qeff {

/// What cos and sin of a position are made of: pair i turns by
/// position·inverse[i], and cos and sin are multiplied by `attentionFactor`.
struct RopeFrequencies {
  SmallVector<float> inverse;
  float attentionFactor = 1.0f;
};

/// The rotaryDim/2 inverse frequencies in f32 arithmetic, in the order of
/// operations of transformers' `modeling_rope_utils`; powers are rounded once.
/// `maxPosition` is the model's `max_position_embeddings`; `positions` is the
/// number of positions that the table serves, by which `dynamic` and
/// `longrope` choose their frequencies. A null `scaling` means none.
RopeFrequencies computeRopeFrequencies(double theta, int64_t rotaryDim,
                                       int64_t maxPosition,
                                       RopeScalingAttr scaling,
                                       int64_t positions);

/// Checks that `scaling` (null means none) fits `rotaryDim`; the error is `op`'s.
LogicalResult verifyRopeScaling(Operation *op,
                                std::optional<RopeScalingAttr> scaling,
                                int64_t rotaryDim);

} // namespace qeff

#endif // QEFF_DIALECT_QEFF_IR_ROPE_H
