// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights of an ONNX graph as lazy weight expressions.
#ifndef QEFF_LIB_RAISE_WEIGHTSOURCE_H
#define QEFF_LIB_RAISE_WEIGHTSOURCE_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// Whether `value` is a float weight or constant, maybe behind a transpose, a
/// cast or a reshape.
bool isWeight(Value value);

/// `value`, for which isWeight holds, as a weight expression built at `builder`.
Value getWeight(OpBuilder &builder, Value value);

/// The number that all elements of the constant `value` are, or nothing.
std::optional<double> getSplat(Value value);

/// The elements of the small integer constant `value`, or nothing.
std::optional<SmallVector<int64_t>> getIntegers(Value value);

} // namespace qeff

#endif // QEFF_LIB_RAISE_WEIGHTSOURCE_H
