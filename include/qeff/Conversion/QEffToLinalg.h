// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patterns from the dialect `qeff` to linalg on tensors.
#ifndef QEFF_CONVERSION_QEFFTOLINALG_H
#define QEFF_CONVERSION_QEFFTOLINALG_H

#include "qeff/Support/LLVM.h"

namespace qeff {

struct LinalgConversionOptions {
  /// Positions that rope's frequencies are chosen for; 0 takes the op's
  /// `max_position`.
  int64_t ropePositions = 0;
};

// One function per file of lib/Conversion/QEffToLinalg.
void populateQEffLinearToLinalgPatterns(RewritePatternSet &patterns,
                                        const LinalgConversionOptions &options);
void populateQEffNormToLinalgPatterns(RewritePatternSet &patterns,
                                      const LinalgConversionOptions &options);
void populateQEffElementwiseToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options);
void populateQEffShapeToLinalgPatterns(RewritePatternSet &patterns,
                                       const LinalgConversionOptions &options);
void populateQEffRopeToLinalgPatterns(RewritePatternSet &patterns,
                                      const LinalgConversionOptions &options);
void populateQEffAttentionToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options);
void populateQEffStateToLinalgPatterns(RewritePatternSet &patterns,
                                       const LinalgConversionOptions &options);
void populateQEffEncoderToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options);

/// All ops that compute; a `qeff.weight_ref` is what the pass replaces by an
/// argument.
void populateQEffToLinalgPatterns(RewritePatternSet &patterns,
                                  const LinalgConversionOptions &options);

} // namespace qeff

#endif // QEFF_CONVERSION_QEFFTOLINALG_H
