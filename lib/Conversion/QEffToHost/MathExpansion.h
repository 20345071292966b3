// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Math functions as arithmetic: a program links no library of them.
#ifndef QEFF_LIB_CONVERSION_QEFFTOHOST_MATHEXPANSION_H
#define QEFF_LIB_CONVERSION_QEFFTOHOST_MATHEXPANSION_H

#include "qeff/Support/LLVM.h"
#include "qeff/Target/Host/Kernels.h"

namespace qeff::host {

/// Patterns for scalars: functions of f64 become polynomials of f64, those of
/// f32 polynomials of f32 or f64; conversions and roundings that the target has
/// no instruction for become arithmetic on bits.
void populateMathExpansionPatterns(RewritePatternSet &patterns,
                                   const KernelTarget &target);

/// Of MathExpansion.cpp and FloatExpansion.cpp.
void populateFunctionPatterns(RewritePatternSet &patterns);
void populateFloatPatterns(RewritePatternSet &patterns,
                           const KernelTarget &target);

} // namespace qeff::host

#endif // QEFF_LIB_CONVERSION_QEFFTOHOST_MATHEXPANSION_H
