// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The patterns of `convert-qeff-to-onnxir`.
#ifndef QEFF_CONVERSION_QEFFTOONNXIR_H
#define QEFF_CONVERSION_QEFFTOONNXIR_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// What the patterns need to know besides the op that they convert.
struct ONNXIRConversionOptions {
  /// Element type of weights, states and activations: f32 or f16.
  FloatType dtype;
  /// Rows of the rope tables; 0 takes the op's `max_position`.
  int64_t ropeRows = 0;
  /// Operators of ONNX's own newest form (`Attention`, `RMSNormalization`,
  /// `RotaryEmbedding`) instead of those that AI 100's compiler knows.
  bool standard = false;
};

/// `value` is computed from weights and constants alone, so that it is written
/// as an initializer.
bool isWeightExpression(Value value);

void populateQEffLinearToONNXIRPatterns(RewritePatternSet &patterns,
                                        const ONNXIRConversionOptions &options);
void populateQEffNormToONNXIRPatterns(RewritePatternSet &patterns,
                                      const ONNXIRConversionOptions &options);
void populateQEffElementwiseToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options);
void populateQEffShapeToONNXIRPatterns(RewritePatternSet &patterns,
                                       const ONNXIRConversionOptions &options);
void populateQEffRopeToONNXIRPatterns(RewritePatternSet &patterns,
                                      const ONNXIRConversionOptions &options);
void populateQEffAttentionToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options);
void populateQEffStateToONNXIRPatterns(RewritePatternSet &patterns,
                                       const ONNXIRConversionOptions &options);
void populateQEffEncoderToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options);

/// All of the above. The patterns use no type converter: the element type of a
/// value may change as it is replaced.
void populateQEffToONNXIRPatterns(RewritePatternSet &patterns,
                                  const ONNXIRConversionOptions &options);

} // namespace qeff

#endif // QEFF_CONVERSION_QEFFTOONNXIR_H
