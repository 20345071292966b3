// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-specialize: one static function per specialization.

#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringSet.h"

namespace qeff {
#define GEN_PASS_DEF_SPECIALIZEPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

static constexpr StringRef kONNXDialect = "onnxir";

/// The static form of an argument's type: each `?` from the dim that
/// `qeff.dims` names.
static FailureOr<Type> specializeArgument(FuncOp function, unsigned index,
                                          SpecAttr spec) {
  auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[index]);
  if (!type || type.hasStaticShape()) {
    return function.getArgumentTypes()[index];
  }
  auto dims = function.getArgAttrOfType<ArrayAttr>(index, kDimsAttr);
  if (!dims) {
    return function.emitError("expects 'qeff.dims' on argument ")
           << index << ", which is " << type;
  }
  SmallVector<int64_t> shape(type.getShape());
  for (auto [size, dim] : llvm::zip_equal(shape, dims)) {
    if (!ShapedType::isDynamic(size)) {
      continue;
    }
    // The dialect checks that an entry is a reference or the static size.
    StringRef name = cast<FlatSymbolRefAttr>(dim).getValue();
    std::optional<int64_t> value = spec.getDim(name);
    if (!value) {
      return function.emitError("expects a value for dim '")
             << name << "' in specialization " << spec.getName() << ", got "
             << spec.getDims();
    }
    size = *value;
  }
  return Type(RankedTensorType::get(shape, type.getElementType()));
}

/// Makes the results of `op` static. Its operands already are.
static LogicalResult specializeResult(Operation *op, SpecAttr spec) {
  if (llvm::all_of(op->getResultTypes(), [](Type type) {
        auto shaped = dyn_cast<ShapedType>(type);
        return !shaped || shaped.hasStaticShape();
      })) {
    return success();
  }
  auto shapeOp = dyn_cast<ShapeOpInterface>(op);
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!shapeOp || !type || op->getNumResults() != 1) {
    return op->emitOpError("expects an op whose shape can be inferred");
  }
  SmallVector<int64_t> shape = shapeOp.inferResultShape(spec.getDims());
  if (ShapedType::isDynamicShape(shape)) {
    return op->emitOpError("expects a static shape in specialization ")
           << spec.getName() << ", got "
           << RankedTensorType::get(shape, type.getElementType());
  }
  auto inferred = RankedTensorType::get(shape, type.getElementType());
  if (failed(mlir::verifyCompatibleShape(type, inferred))) {
    return op->emitOpError("expects a result of type ")
           << inferred << " in specialization " << spec.getName() << ", got "
           << type;
  }
  op->getResult(0).setType(inferred);
  return success();
}

/// Gives the results of an ONNX operator the sizes that its operands' say. Those
/// that follow from data stay dynamic, for a pass that folds constants.
static void specializeOperator(Operation *op, SymbolicShapes &shapes) {
  for (Value result : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    std::optional<ArrayRef<Expr>> sizes = shapes.getShape(result);
    if (!type || !sizes ||
        static_cast<int64_t>(sizes->size()) != type.getRank()) {
      continue;
    }
    SmallVector<int64_t> shape = llvm::to_vector(type.getShape());
    for (auto [size, known] : llvm::zip_equal(shape, *sizes)) {
      std::optional<int64_t> number = known ? known.getInteger() : std::nullopt;
      if (ShapedType::isDynamic(size) && number && *number >= 0) {
        size = *number;
      }
    }
    result.setType(type.clone(shape));
  }
}

/// Clones `function` for `spec`, in front of it.
static LogicalResult specialize(FuncOp function, SpecAttr spec) {
  SmallVector<Type> argumentTypes;
  for (unsigned i = 0, e = function.getNumArguments(); i != e; ++i) {
    FailureOr<Type> type = specializeArgument(function, i, spec);
    if (failed(type)) {
      return failure();
    }
    argumentTypes.push_back(*type);
  }
  OpBuilder builder(function);
  auto clone = cast<FuncOp>(builder.clone(*function));
  clone.setSymName(spec.getName());
  for (auto [argument, type] :
       llvm::zip_equal(clone.getArguments(), argumentTypes)) {
    argument.setType(type);
  }
  ExprTable table;
  SymbolicShapes shapes(clone, table);
  for (Operation &op : clone.getBody().front()) {
    if (op.getName().getDialectNamespace() == kONNXDialect) {
      specializeOperator(&op, shapes);
    } else if (failed(specializeResult(&op, spec))) {
      return failure();
    }
  }
  Operation *terminator = clone.getBody().front().getTerminator();
  clone.setFunctionType(builder.getFunctionType(
      argumentTypes, terminator->getOperandTypes()));
  return success();
}

namespace {
struct SpecializePass : public qeff::impl::SpecializePassBase<SpecializePass> {
  void runOnOperation() override {
    if (failed(run(getOperation()))) {
      signalPassFailure();
    }
  }

  LogicalResult run(ModuleOp module) {
    FailureOr<FuncOp> function = findMainFunction(module);
    if (failed(function)) {
      return failure();
    }
    SmallVector<SpecAttr> specs = getSpecializations(module);
    if (specs.empty()) {
      return module.emitError("expects 'qeff.specializations', got none");
    }
    SymbolTable symbols(module);
    llvm::StringSet<> names;
    for (SpecAttr spec : specs) {
      StringRef name = spec.getName().getValue();
      Operation *other = symbols.lookup(name);
      if ((other && other != *function) || !names.insert(name).second) {
        return module.emitError("expects specializations with names of their "
                                "own, got ")
               << spec.getName() << " twice or as another symbol";
      }
    }
    for (SpecAttr spec : specs) {
      if (failed(specialize(*function, spec))) {
        return failure();
      }
    }
    function->erase();
    setPhase(module, Phase::Specialized);
    return success();
  }
};
} // namespace
