// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of lowerings, the pattern over it, and the pass
// convert-onnxir-to-linalg.

#include "qeff/Conversion/ONNXIRToLinalg.h"
#include "qeff/Conversion/Passes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include "Lowering.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace qeff {
#define GEN_PASS_DEF_CONVERTONNXIRTOLINALGPASS
#include "qeff/Conversion/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using namespace qeff::onnxir;

static const LoweringTable &getTable() {
  static const LoweringTable table = [] {
    LoweringTable entries;
    addElementwise(entries);
    addActivations(entries);
    addLogic(entries);
    addReductions(entries);
    addProducts(entries);
    addShapes(entries);
    addSlices(entries);
    addGathers(entries);
    addScatters(entries);
    addGenerators(entries);
    addNormalizations(entries);
    addWindows(entries);
    addOrder(entries);
    addQuantization(entries);
    return entries;
  }();
  return table;
}

bool onnxir::isLowerable(Operation *op) {
  std::string name = Operator(op).getName();
  return !name.empty() && getTable().contains(name);
}

SmallVector<StringRef> onnxir::getLowerableOperators() {
  SmallVector<StringRef> names = llvm::to_vector(getTable().keys());
  llvm::sort(names);
  return names;
}

Type onnxir::getSignlessType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.clone(getElement(tensor.getElementType()).type)
                : type;
}

/// Elements that the lowerings compute.
static bool isComputable(Type type) {
  return type.isF16() || type.isBF16() || type.isF32() || type.isF64() ||
         type.isInteger(1) || type.isInteger(8) || type.isInteger(16) ||
         type.isInteger(32) || type.isInteger(64);
}

/// A static tensor of computable elements.
static bool isStatic(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() &&
         isComputable(tensor.getElementType());
}

/// All operands and results are static tensors of computable elements.
static LogicalResult checkTypes(Lowering &lowering) {
  auto check = [&](Type type) {
    if (isStatic(type)) {
      return success();
    }
    std::string text;
    llvm::raw_string_ostream(text) << type;
    return lowering.fail(
        "expects static tensors of f16, bf16, f32, f64, integers of whole "
        "bytes or booleans, got " +
        text);
  };
  const Operator &op = lowering.op;
  for (size_t i = 0; i < op.getNumOperands(); ++i) {
    if (op.getOperand(i) && failed(check(op.getOperand(i).getType()))) {
      return failure();
    }
  }
  if (op.getNumOperands() == 0 || !op.getOperand(0) || !op.getResultType(0)) {
    return lowering.fail("expects an operand and a result");
  }
  for (Type type : op.getOperation()->getResultTypes()) {
    if (!isa<mlir::NoneType>(type) && failed(check(type))) {
      return failure();
    }
  }
  return success();
}

FailureOr<SmallVector<Value>>
onnxir::lowerOperator(OpBuilder &builder, Operation *op, ValueRange operands,
                      std::string &reason) {
  Operator view(op);
  auto found = getTable().find(view.getName());
  if (found == getTable().end()) {
    reason = "expects an operator that the host computes";
    return failure();
  }
  Lowering lowering(builder, view, operands, reason);
  if (failed(checkTypes(lowering))) {
    return failure();
  }
  auto results = found->second(lowering);
  if (lowering.hasFailed()) {
    return failure();
  }
  if (succeeded(results)) {
    results->resize(op->getNumResults());
  }
  return results;
}

namespace {
struct OperatorPattern : public mlir::ConversionPattern {
  OperatorPattern(const mlir::TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/1,
                          context) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    if (!isLowerable(op)) {
      return rewriter.notifyMatchFailure(op, "expects a known operator");
    }
    std::string reason;
    auto results = lowerOperator(rewriter, op, operands, reason);
    if (failed(results)) {
      return rewriter.notifyMatchFailure(op, reason);
    }
    for (auto [result, value] : llvm::zip(op->getResults(), *results)) {
      if (!value && !isa<mlir::NoneType>(result.getType())) {
        return rewriter.notifyMatchFailure(op, "expects results that are left "
                                               "out");
      }
      if (!value) {
        value = NoneOp::create(rewriter, op->getLoc(), result.getType());
      }
    }
    rewriter.replaceOp(op, *results);
    return success();
  }
};

struct InitializerPattern : public mlir::OpConversionPattern<InitializerOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(InitializerOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!elements) {
      return rewriter.notifyMatchFailure(op, "expects dense elements");
    }
    Type element = getElement(elements.getElementType()).type;
    if (element != elements.getElementType()) {
      elements = elements.bitcast(element);
    }
    rewriter.replaceOpWithNewOp<mlir::arith::ConstantOp>(
        op, cast<TypedAttr>(elements));
    return success();
  }
};

struct ConvertONNXIRToLinalgPass
    : public qeff::impl::ConvertONNXIRToLinalgPassBase<
          ConvertONNXIRToLinalgPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    mlir::TypeConverter converter;
    converter.addConversion([](Type type) { return getSignlessType(type); });
    RewritePatternSet patterns(context);
    populateONNXIRToLinalgPatterns(converter, patterns);
    mlir::populateFunctionOpInterfaceTypeConversionPattern<
        mlir::func::FuncOp>(patterns, converter);
    mlir::populateReturnOpTypeConversionPattern(patterns, converter);
    mlir::ConversionTarget target(*context);
    auto isKnown = [](Type type) {
      return isa<mlir::NoneType>(type) || isStatic(type);
    };
    target.markUnknownOpDynamicallyLegal([&](Operation *op) {
      bool isStaticOperator = isLowerable(op) &&
                              llvm::all_of(op->getOperandTypes(), isKnown) &&
                              llvm::all_of(op->getResultTypes(), isKnown);
      return !isStaticOperator && !isa<InitializerOp>(op);
    });
    target.addDynamicallyLegalOp<mlir::func::FuncOp>(
        [&](mlir::func::FuncOp function) {
          return converter.isSignatureLegal(function.getFunctionType());
        });
    target.addDynamicallyLegalOp<mlir::func::ReturnOp>(
        [&](mlir::func::ReturnOp op) { return converter.isLegal(op); });
    target.addLegalOp<NoneOp>();
    if (failed(mlir::applyPartialConversion(getOperation(), target,
                                            std::move(patterns)))) {
      signalPassFailure();
    }
  }
};
} // namespace

void onnxir::populateONNXIRToLinalgPatterns(
    const mlir::TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<OperatorPattern, InitializerPattern>(converter,
                                                    patterns.getContext());
}
