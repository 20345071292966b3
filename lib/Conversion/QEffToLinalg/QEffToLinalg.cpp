// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// convert-qeff-to-linalg: transformer ops to builtin dialects.

#include "WeightArguments.h"

#include "qeff/Conversion/ONNXIRToLinalg.h"
#include "qeff/Conversion/Passes.h"
#include "qeff/Conversion/QEffToLinalg.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/DialectConversion.h"

namespace qeff {
#define GEN_PASS_DEF_CONVERTQEFFTOLINALGPASS
#include "qeff/Conversion/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

static constexpr StringRef kContextDim = "ctx_len";
static constexpr StringRef kDimNamesAttr = "qeff.dim_names";

void qeff::populateQEffToLinalgPatterns(
    RewritePatternSet &patterns, const LinalgConversionOptions &options) {
  populateQEffLinearToLinalgPatterns(patterns, options);
  populateQEffNormToLinalgPatterns(patterns, options);
  populateQEffElementwiseToLinalgPatterns(patterns, options);
  populateQEffShapeToLinalgPatterns(patterns, options);
  populateQEffRopeToLinalgPatterns(patterns, options);
  populateQEffAttentionToLinalgPatterns(patterns, options);
  populateQEffStateToLinalgPatterns(patterns, options);
  populateQEffEncoderToLinalgPatterns(patterns, options);
}

namespace {
/// A named ONNX weight is its value.
struct NamedWeightPattern
    : public mlir::OpConversionPattern<onnxir::WeightOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnxir::WeightOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, adaptor.getOperands()[0]);
    return success();
  }
};

struct ConvertQEffToLinalgPass
    : public qeff::impl::ConvertQEffToLinalgPassBase<ConvertQEffToLinalgPass> {
  using ConvertQEffToLinalgPassBase::ConvertQEffToLinalgPassBase;

  void runOnOperation() override {
    if (failed(convert(getOperation()))) {
      signalPassFailure();
    }
  }

  LogicalResult convert(ModuleOp module);
  FailureOr<LinalgConversionOptions> getOptions(ModuleOp module);
  LogicalResult convertOps(ModuleOp module,
                           const LinalgConversionOptions &options);
};
} // namespace

FailureOr<LinalgConversionOptions>
ConvertQEffToLinalgPass::getOptions(ModuleOp module) {
  if (ctxLen < 0) {
    module.emitError() << "expects ctx-len >= 0, got " << ctxLen;
    return failure();
  }
  LinalgConversionOptions options;
  options.ropePositions = ctxLen;
  if (ctxLen == 0) {
    for (SpecAttr spec : getSpecializations(module)) {
      options.ropePositions = std::max(options.ropePositions,
                                       spec.getDim(kContextDim).value_or(0));
    }
  }
  return options;
}

LogicalResult
ConvertQEffToLinalgPass::convertOps(ModuleOp module,
                                    const LinalgConversionOptions &options) {
  MLIRContext *context = &getContext();
  mlir::TypeConverter converter;
  converter.addConversion(
      [](Type type) { return onnxir::getSignlessType(type); });
  RewritePatternSet patterns(context);
  populateQEffToLinalgPatterns(patterns, options);
  onnxir::populateONNXIRToLinalgPatterns(converter, patterns);
  patterns.add<NamedWeightPattern>(converter, context);
  mlir::populateFunctionOpInterfaceTypeConversionPattern<FuncOp>(patterns,
                                                                 converter);
  mlir::populateReturnOpTypeConversionPattern(patterns, converter);
  mlir::ConversionTarget target(*context);
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  target.addIllegalDialect<QEffDialect, onnxir::ONNXIRDialect>();
  // These compute nothing and go last.
  target.addLegalOp<WeightOp, WeightExprOp, YieldOp, FileOp, DimOp,
                    WeightRefOp, onnxir::NoneOp>();
  target.addDynamicallyLegalOp<FuncOp>([&](FuncOp function) {
    return converter.isSignatureLegal(function.getFunctionType());
  });
  target.addDynamicallyLegalOp<mlir::func::ReturnOp>(
      [&](mlir::func::ReturnOp op) { return converter.isLegal(op); });
  SmallVector<Operation *> functions;
  for (auto function : module.getOps<FuncOp>()) {
    functions.push_back(function);
  }
  return mlir::applyPartialConversion(functions, target, std::move(patterns));
}

/// `dims` by name: "" for an axis that has none.
static ArrayAttr getDimNames(ArrayAttr dims) {
  Builder b(dims.getContext());
  SmallVector<Attribute> names;
  for (Attribute dim : dims) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(dim);
    names.push_back(b.getStringAttr(symbol ? symbol.getValue() : ""));
  }
  return b.getArrayAttr(names);
}

/// The attributes of an argument or result that need no dialect of ours.
static DictionaryAttr getPlainAttributes(DictionaryAttr attributes) {
  NamedAttrList plain(attributes);
  if (auto dims = dyn_cast_if_present<ArrayAttr>(plain.erase(kDimsAttr))) {
    plain.set(kDimNamesAttr, getDimNames(dims));
  }
  return plain.getDictionary(attributes.getContext());
}

static void makeAttributesPlain(FuncOp function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    if (DictionaryAttr attributes = function.getArgAttrDict(i)) {
      function.setArgAttrs(i, getPlainAttributes(attributes));
    }
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    if (DictionaryAttr attributes = function.getResultAttrDict(i)) {
      function.setResultAttrs(i, getPlainAttributes(attributes));
    }
  }
}

/// Drops the ops of our dialects that hold what functions no longer refer to.
/// Anything else of them is an error.
static LogicalResult eraseSymbols(ModuleOp module) {
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    if (isa<WeightOp, WeightExprOp, FileOp, DimOp>(op)) {
      op.erase();
    }
  }
  auto isOurs = [](Operation *op) {
    return isa_and_present<QEffDialect, onnxir::ONNXIRDialect>(
        op->getDialect());
  };
  WalkResult result = module.walk([&](Operation *op) {
    if (!isOurs(op)) {
      return WalkResult::advance();
    }
    op->emitOpError() << "expects a lowering to linalg, got none";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult ConvertQEffToLinalgPass::convert(ModuleOp module) {
  FailureOr<LinalgConversionOptions> options = getOptions(module);
  if (failed(options) || failed(convertWeightsToArguments(module)) ||
      failed(convertOps(module, *options))) {
    return failure();
  }
  mlir::IRRewriter rewriter(&getContext());
  for (auto function : module.getOps<FuncOp>()) {
    makeAttributesPlain(function);
    mlir::DominanceInfo dominance(function);
    mlir::eliminateCommonSubExpressions(rewriter, dominance, function);
  }
  module->removeAttr(kPhaseAttr);
  module->removeAttr(kSpecializationsAttr);
  return eraseSymbols(module);
}
