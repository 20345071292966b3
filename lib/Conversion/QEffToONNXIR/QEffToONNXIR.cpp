// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// convert-qeff-to-onnxir: tuned to aic100.

#include "NodeBuilder.h"

#include "qeff/Conversion/Passes.h"
#include "qeff/Conversion/QEffToONNXIR.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/DialectConversion.h"

#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"

namespace qeff {
#define GEN_PASS_DEF_CONVERTQEFFTOONNXIRPASS
#include "qeff/Conversion/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;
using mlir::func::ReturnOp;

static constexpr StringRef kContextDim = "ctx_len";

bool qeff::isWeightExpression(Value value) {
  SmallVector<Value> worklist = {value};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op) {
      return false;
    }
    if (isa<WeightRefOp, mlir::arith::ConstantOp>(op) ||
        !seen.insert(op).second) {
      continue;
    }
    if (!isa<StreamableOpInterface>(op)) {
      return false;
    }
    llvm::append_range(worklist, op->getOperands());
  }
  return true;
}

void qeff::populateQEffToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  populateQEffLinearToONNXIRPatterns(patterns, options);
  populateQEffNormToONNXIRPatterns(patterns, options);
  populateQEffElementwiseToONNXIRPatterns(patterns, options);
  populateQEffShapeToONNXIRPatterns(patterns, options);
  populateQEffRopeToONNXIRPatterns(patterns, options);
  populateQEffAttentionToONNXIRPatterns(patterns, options);
  populateQEffStateToONNXIRPatterns(patterns, options);
  populateQEffEncoderToONNXIRPatterns(patterns, options);
}

/// Results that carry a state keep the element type of the graph; all others
/// keep the one that they had.
static llvm::SmallBitVector findStateResults(FuncOp function) {
  llvm::StringSet<> states;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    if (auto name = function.getArgAttrOfType<StringAttr>(i, kStateAttr)) {
      states.insert(name.getValue());
    }
  }
  llvm::SmallBitVector found(function.getNumResults());
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(i, kNameAttr);
    found[i] = name && states.contains(name.getValue());
  }
  return found;
}

namespace {
/// Casts results back to the element type that the function declares.
struct ReturnPattern : mlir::OpConversionPattern<ReturnOp> {
  ReturnPattern(MLIRContext *context, const llvm::SmallBitVector &states)
      : OpConversionPattern(context), states(states) {}

  LogicalResult
  matchAndRewrite(ReturnOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    NodeBuilder b(rewriter, op.getLoc(), "output");
    SmallVector<Value> results;
    for (auto [i, value] : llvm::enumerate(adaptor.getOperands())) {
      Type wanted = getTensorType(op.getOperand(i)).getElementType();
      results.push_back(states[i] ? value : b.cast(value, wanted));
    }
    rewriter.replaceOpWithNewOp<ReturnOp>(op, results);
    return success();
  }

  llvm::SmallBitVector states;
};

struct ConvertQEffToONNXIRPass
    : public qeff::impl::ConvertQEffToONNXIRPassBase<ConvertQEffToONNXIRPass> {
  using ConvertQEffToONNXIRPassBase::ConvertQEffToONNXIRPassBase;

  void runOnOperation() override {
    if (failed(convert(getOperation()))) {
      signalPassFailure();
    }
  }

  LogicalResult convert(ModuleOp module);
  FailureOr<FuncOp> findFunction(ModuleOp module);
  FailureOr<ONNXIRConversionOptions> getOptions(ModuleOp module);
};
} // namespace

FailureOr<FuncOp> ConvertQEffToONNXIRPass::findFunction(ModuleOp module) {
  FailureOr<FuncOp> found = findMainFunction(module);
  if (failed(found)) {
    return failure();
  }
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  if (!llvm::all_of(found->getArgumentTypes(), isTensor) ||
      !llvm::all_of(found->getResultTypes(), isTensor)) {
    found->emitError() << "expects ranked tensors as arguments and results, got "
                      << found->getFunctionType();
    return failure();
  }
  return found;
}

/// Whether most bytes of the weights are 16-bit floats.
static bool isHalfPrecision(ModuleOp module) {
  // Sizes are of files, which may be anything: doubles do not overflow.
  double half = 0, other = 0;
  for (auto weight : module.getOps<WeightOp>()) {
    Type type = weight.getTensorType().getElementType();
    bool isHalf = !weight.getEncoding() && (type.isF16() || type.isBF16());
    (isHalf ? half : other) += static_cast<double>(weight.getByteSize());
  }
  return half > other;
}

FailureOr<ONNXIRConversionOptions>
ConvertQEffToONNXIRPass::getOptions(ModuleOp module) {
  ONNXIRConversionOptions options;
  options.standard = standard;
  StringRef dtype = this->dtype.getValue();
  if (dtype == "auto") {
    dtype = isHalfPrecision(module) ? "f16" : "f32";
  }
  if (dtype == "f32") {
    options.dtype = mlir::Float32Type::get(&getContext());
  } else if (dtype == "f16") {
    options.dtype = mlir::Float16Type::get(&getContext());
  } else {
    module.emitError() << "expects dtype f32, f16 or auto, got '"
                       << dtype << "'";
    return failure();
  }
  // One table serves all specializations.
  for (SpecAttr spec : getSpecializations(module)) {
    options.ropeRows = std::max(options.ropeRows,
                                spec.getDim(kContextDim).value_or(0));
  }
  return options;
}

/// States and other float arguments enter in the type of the graph, but for the
/// scalings of adapters, which no state holds.
static void convertArguments(FuncOp function, FloatType dtype) {
  for (BlockArgument argument : function.getArguments()) {
    RankedTensorType type = getTensorType(argument);
    unsigned index = argument.getArgNumber();
    bool isScaling = function.getArgAttr(index, kAdapterAttr) &&
                     !function.getArgAttr(index, kStateAttr);
    if (type.getElementType().isF32() && !isScaling) {
      argument.setType(type.clone(dtype));
    }
  }
}

/// Operators that were no ops of qeff keep their types: what they take of a
/// graph in f16 is cast.
static void replaceCasts(FuncOp function) {
  SmallVector<mlir::UnrealizedConversionCastOp> casts(
      function.getBody().front().getOps<mlir::UnrealizedConversionCastOp>());
  OpBuilder builder(function.getContext());
  for (mlir::UnrealizedConversionCastOp cast : casts) {
    builder.setInsertionPoint(cast);
    Type element = mlir::getElementTypeOrSelf(cast.getResult(0).getType());
    NodeBuilder b(builder, cast.getLoc(), "");
    cast.getResult(0).replaceAllUsesWith(
        b.cast(cast.getInputs().front(), element));
    cast.erase();
  }
}

/// Drops what nothing uses, users first.
static void eraseDeadOps(FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(
           llvm::reverse(function.getBody().front()))) {
    if (mlir::isOpTriviallyDead(&op)) {
      op.erase();
    }
  }
}

/// The I/O names, which no initializer may have.
static SmallVector<StringRef> getIONames(FuncOp function) {
  SmallVector<StringRef> names;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    if (auto name = function.getArgAttrOfType<StringAttr>(i, kNameAttr)) {
      names.push_back(name.getValue());
    }
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    if (auto name = function.getResultAttrOfType<StringAttr>(i, kNameAttr)) {
      names.push_back(name.getValue());
    }
  }
  return names;
}

/// The opset that all operators have their forms in.
static int64_t getStandardOpset(FuncOp function) {
  int64_t opset = kStandardOpset;
  function.walk([&](onnxir::OperatorOpInterface op) {
    if (op.getDomain().empty()) {
      opset = std::max(opset, onnxir::getNeededOpset(op));
    }
  });
  return opset;
}

LogicalResult ConvertQEffToONNXIRPass::convert(ModuleOp module) {
  FailureOr<FuncOp> function = findFunction(module);
  FailureOr<ONNXIRConversionOptions> options = getOptions(module);
  if (failed(function) || failed(options)) {
    return failure();
  }
  MLIRContext *context = &getContext();
  llvm::SmallBitVector states = findStateResults(*function);
  convertArguments(*function, options->dtype);

  mlir::ConversionTarget target(*context);
  target.addLegalDialect<onnxir::ONNXIRDialect, mlir::arith::ArithDialect>();
  target.addLegalOp<ModuleOp, FuncOp>();
  target.addIllegalDialect<QEffDialect>();
  target.addLegalOp<WeightRefOp, RopeTableOp, TransposeOp, ReshapeOp,
                    PermuteRowsOp, LoRAMergeOp>();
  target.addDynamicallyLegalOp<SliceOp, ConcatOp, CastOp, ClipOp, ScaleOp,
                               OffsetOp>(
      [](Operation *op) { return isWeightExpression(op->getResult(0)); });
  target.addDynamicallyLegalOp<ReturnOp>([](ReturnOp op) {
    return llvm::none_of(op.getOperands(), [](Value value) {
      Operation *definition = value.getDefiningOp();
      return definition && isa<QEffDialect>(definition->getDialect());
    });
  });
  RewritePatternSet patterns(context);
  populateQEffToONNXIRPatterns(patterns, *options);
  patterns.add<ReturnPattern>(context, states);
  SmallVector<Operation *> body;
  for (Operation &op : function->getBody().front()) {
    body.push_back(&op);
  }
  mlir::ConversionConfig config;
  config.buildMaterializations = false;
  if (failed(mlir::applyPartialConversion(body, target, std::move(patterns),
                                          config))) {
    return failure();
  }
  replaceCasts(*function);

  Operation *terminator = function->getBody().front().getTerminator();
  function->setFunctionType(mlir::FunctionType::get(
      context, function->getBody().front().getArgumentTypes(),
      terminator->getOperandTypes()));
  eraseDeadOps(*function);
  mlir::IRRewriter rewriter(context);
  mlir::DominanceInfo dominance(*function);
  mlir::eliminateCommonSubExpressions(rewriter, dominance, *function);
  uniquifyNames(module, getIONames(*function));

  FailureOr<ArrayAttr> imports = insertCustomOps(
      module, options->standard ? getStandardOpset(*function) : kOpset);
  if (failed(imports)) {
    return failure();
  }
  module->setAttr(onnxir::kOpsetImportsAttr, *imports);
  module->setAttr(onnxir::kIRVersionAttr,
                  Builder(context).getI64IntegerAttr(options->standard ? 10
                                                                       : 8));
  setPhase(module, options->standard ? Phase::ONNX : Phase::AIC100);
  return success();
}
