// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The base of the conversion's patterns.
#ifndef QEFF_LIB_CONVERSION_QEFFTOONNXIR_PATTERN_H
#define QEFF_LIB_CONVERSION_QEFFTOONNXIR_PATTERN_H

#include "NodeBuilder.h"

#include "qeff/Conversion/QEffToONNXIR.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Transforms/DialectConversion.h"

namespace qeff {

/// A match failure that the user sees, whatever the build.
inline LogicalResult reject(PatternRewriter &rewriter, Operation *op,
                            StringRef reason) {
  op->emitRemark() << reason;
  return rewriter.notifyMatchFailure(op, reason);
}

template <typename Op>
class ONNXIRPattern : public mlir::OpConversionPattern<Op> {
public:
  ONNXIRPattern(MLIRContext *context, const ONNXIRConversionOptions &options)
      : mlir::OpConversionPattern<Op>(context), options(options) {}

protected:
  /// Nodes named by the scope of `op`.
  NodeBuilder getBuilder(Op op, OpBuilder &builder) const {
    return NodeBuilder(builder, op.getLoc(), op.getScope().value_or(""));
  }

  /// An activation, which may also be given as a weight expression.
  Value getActivation(NodeBuilder &b, Value original, Value converted,
                      StringRef suffix) const {
    if (isWeightExpression(original)) {
      return b.weight(original, options.dtype, suffix);
    }
    // An operator that was no op of qeff may give another type.
    bool isFloat = isa<FloatType>(getTensorType(converted).getElementType());
    return isFloat ? b.cast(converted, options.dtype) : converted;
  }

  ONNXIRConversionOptions options;
};

} // namespace qeff

#endif // QEFF_LIB_CONVERSION_QEFFTOONNXIR_PATTERN_H
