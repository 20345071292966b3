// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnxir-widen-floats: a graph that computes in 16-bit floats computes in f32,
// on the weights that it has.

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseMap.h"

namespace qeff::onnxir {
#define GEN_PASS_DEF_WIDENFLOATSPASS
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace qeff::onnxir

using namespace qeff;
using mlir::func::FuncOp;
using mlir::func::ReturnOp;

/// The type of a tensor of 16-bit floats with f32 instead, else null.
static Type getWideType(Type type) {
  auto tensor = dyn_cast<mlir::TensorType>(type);
  Type element = tensor ? tensor.getElementType() : Type();
  if (!element || !(element.isF16() || element.isBF16())) {
    return {};
  }
  return tensor.cloneWith(std::nullopt, mlir::Float32Type::get(
                                            type.getContext()));
}

/// Whether the results of `op` follow from the types of its operands alone.
static bool isGeneric(Operation *op) {
  if (!isa<onnxir::OperatorOpInterface>(op)) {
    return false;
  }
  auto isTensor = [](Type type) {
    return isa<mlir::TensorType, mlir::NoneType>(type);
  };
  return !op->hasAttr("dtype") && !op->hasAttr("output_dtype") &&
         !op->hasAttr("value") && llvm::all_of(op->getOperandTypes(), isTensor) &&
         llvm::all_of(op->getResultTypes(), isTensor);
}

namespace {
class FloatWidener {
public:
  explicit FloatWidener(FuncOp function)
      : function(function), builder(function.getContext()) {}

  void run();

private:
  Value createCast(Value value, Type type);
  void widenValue(Value value);
  void widenOperator(Operation *op);
  void narrowOperands(Operation *op);

  FuncOp function;
  OpBuilder builder;
  /// The type that a value had.
  llvm::DenseMap<Value, Type> before;
};
} // namespace

Value FloatWidener::createCast(Value value, Type type) {
  Type element = mlir::getElementTypeOrSelf(type);
  return onnxir::CastOp::create(
      builder, value.getLoc(), type, value, builder.getStringAttr("up"),
      builder.getI64IntegerAttr(1),
      builder.getI64IntegerAttr(*onnxir::getDataType(element)), StringAttr(),
      StringAttr());
}

/// Puts a cast behind a value whose type stays.
void FloatWidener::widenValue(Value value) {
  Type wide = getWideType(value.getType());
  if (!wide || value.use_empty()) {
    return;
  }
  builder.setInsertionPointAfterValue(value);
  Value cast = createCast(value, wide);
  value.replaceAllUsesExcept(cast, cast.getDefiningOp());
  before[cast] = value.getType();
}

void FloatWidener::widenOperator(Operation *op) {
  for (Value result : op->getResults()) {
    if (Type wide = getWideType(result.getType())) {
      before[result] = result.getType();
      result.setType(wide);
    }
  }
  if (auto cast = dyn_cast<onnxir::CastOp>(op);
      cast && before.contains(cast.getOutput())) {
    cast.setToAttr(builder.getI64IntegerAttr(
        *onnxir::getDataType(builder.getF32Type())));
  }
}

/// Gives an op that stays as it is the operands that it had.
void FloatWidener::narrowOperands(Operation *op) {
  builder.setInsertionPoint(op);
  for (mlir::OpOperand &operand : op->getOpOperands()) {
    auto found = before.find(operand.get());
    if (found != before.end()) {
      operand.set(createCast(operand.get(), found->second));
    }
  }
}

void FloatWidener::run() {
  for (BlockArgument argument : function.getArguments()) {
    widenValue(argument);
  }
  Block &block = function.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (isGeneric(&op)) {
      widenOperator(&op);
      continue;
    }
    narrowOperands(&op);
    // What a weight is made of is no value of the graph.
    bool isPart = !isa_and_present<onnxir::ONNXIRDialect>(op.getDialect()) &&
                  !isa<mlir::arith::ConstantOp>(op);
    for (Value result : op.getResults()) {
      if (!isPart) {
        widenValue(result);
      }
    }
  }
}

namespace {
struct WidenFloatsPass
    : public onnxir::impl::WidenFloatsPassBase<WidenFloatsPass> {
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>()) {
      // Subgraphs see the values around them.
      bool isFlat = function.getBody().hasOneBlock() &&
                    llvm::none_of(function.getBody().front(),
                                  [](Operation &op) {
                                    return op.getNumRegions() > 0;
                                  });
      if (isFlat) {
        FloatWidener(function).run();
      }
    }
  }
};
} // namespace
