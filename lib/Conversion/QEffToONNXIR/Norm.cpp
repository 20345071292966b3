// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// rms_norm, layer_norm.

#include "Pattern.h"

using namespace qeff;

namespace {
/// CustomRMSNorm, whose body is f32, or RMSNormalization, which sums in f32.
struct RMSNormPattern : ONNXIRPattern<RMSNormOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(RMSNormOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    if (!isWeightExpression(op.getWeight())) {
      return reject(rewriter, op,
                    "the weight is no expression of stored weights");
    }
    NodeBuilder b = getBuilder(op, rewriter);
    Type f32 = rewriter.getF32Type();
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    Value weight = b.weight(op.getWeight(), options.dtype, "weight");
    NamedAttribute epsilon =
        b.attr("epsilon", static_cast<float>(op.getEps().convertToDouble()));
    ArrayRef<int64_t> shape = getTensorType(x).getShape();
    if (options.standard) {
      rewriter.replaceOp(op, b.node("RMSNormalization", {x, weight},
                                    getTensorType(x).getElementType(), shape,
                                    {b.attr("axis", int64_t(-1)), epsilon}));
      return success();
    }
    Value y = b.node("CustomRMSNorm", {b.cast(x, f32), weight}, f32, shape,
                     epsilon, kRuntimeDomain);
    rewriter.replaceOp(op, b.cast(y, getTensorType(x).getElementType()));
    return success();
  }
};

struct LayerNormPattern : ONNXIRPattern<LayerNormOp> {
  using ONNXIRPattern::ONNXIRPattern;

  LogicalResult
  matchAndRewrite(LayerNormOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    for (Value parameter : {op.getWeight(), op.getBias()}) {
      if (parameter && !isWeightExpression(parameter)) {
        return reject(rewriter, op,
                    "a parameter is no expression of stored weights");
      }
    }
    RankedTensorType type = getTensorType(op.getInput());
    if (!op.getWeight() &&
        (type.getRank() < 1 || type.isDynamicDim(type.getRank() - 1))) {
      return reject(rewriter, op,
                    "the size of the last axis is not known");
    }
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    type = getTensorType(x);
    SmallVector<Value> inputs = {x};
    if (op.getWeight()) {
      inputs.push_back(b.weight(op.getWeight(), options.dtype, "weight"));
    } else {
      auto ones = RankedTensorType::get(type.getShape().back(),
                                        type.getElementType());
      std::string name;
      llvm::raw_string_ostream(name)
          << "const.ones." << type.getElementType() << "."
          << type.getShape().back();
      inputs.push_back(b.initializer(
          name, DenseElementsAttr::get(
                    ones, cast<TypedAttr>(
                              rewriter.getOneAttr(type.getElementType())))));
    }
    if (op.getBias()) {
      inputs.push_back(b.weight(op.getBias(), options.dtype, "bias"));
    }
    rewriter.replaceOp(
        op,
        b.node("LayerNormalization", inputs, type.getElementType(),
               type.getShape(),
               {b.attr("axis", int64_t(-1)),
                b.attr("epsilon",
                       static_cast<float>(op.getEps().convertToDouble()))}));
    return success();
  }
};
} // namespace

void qeff::populateQEffNormToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  patterns.add<RMSNormPattern, LayerNormPattern>(patterns.getContext(),
                                                 options);
}
