// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the lowerings of all ops share.
#ifndef QEFF_LIB_CONVERSION_QEFFTOLINALG_PATTERN_H
#define QEFF_LIB_CONVERSION_QEFFTOLINALG_PATTERN_H

#include "LoopBuilder.h"

#include "qeff/Conversion/QEffToLinalg.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

namespace qeff {

/// A pattern for an op of one result. `lower` builds the value that replaces
/// it, of the result's rank; where what it needs does not hold it fails with
/// `reject`.
template <typename Op>
class LinalgPattern : public mlir::OpConversionPattern<Op> {
public:
  using OpAdaptor = typename Op::Adaptor;

  LinalgPattern(MLIRContext *context, const LinalgConversionOptions &options)
      : mlir::OpConversionPattern<Op>(context), options(options) {}

  virtual FailureOr<Value> lower(LoopBuilder &l, Op op,
                                 OpAdaptor operands) const = 0;

  LogicalResult
  matchAndRewrite(Op op, OpAdaptor operands,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    LoopBuilder l(rewriter, op.getLoc());
    FailureOr<Value> value = lower(l, op, operands);
    if (failed(value)) {
      return failure();
    }
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value result = l.convert(*value, type.getElementType());
    if (result.getType() != type) {
      result = mlir::tensor::CastOp::create(l.b, type, result);
    }
    rewriter.replaceOp(op, result);
    return success();
  }

protected:
  /// Fails with an error at `op`: nothing else lowers it.
  static LogicalResult reject(Op op, const Twine &reason) {
    return op.emitOpError() << reason;
  }
  /// The element type of the result.
  static Type getResultElement(Op op) {
    return getElementType(op.getResult());
  }

  LinalgConversionOptions options;
};

/// input·weightᵀ over the last axes in f32: weight [N, K], input [..., K],
/// result [..., N].
Value buildProduct(LoopBuilder &l, Value input, Value weight);

/// The index (i64, [B]) of each row's largest position, the first where there
/// are several; positions [B, S].
Value buildLastIndex(LoopBuilder &l, Value positions);

/// `kind` of the f32 `x`, in a body.
Value buildActivation(LoopBuilder &l, Activation kind, Value x);

/// input[b, index[b], :] of an input [B, S, C] in f32, [B, C].
Value buildRowAt(LoopBuilder &l, Value input, Value index);

} // namespace qeff

#endif // QEFF_LIB_CONVERSION_QEFFTOLINALG_PATTERN_H
