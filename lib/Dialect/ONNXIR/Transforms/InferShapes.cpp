// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnxir-infer-shapes: gives the results of typed operators the types that
// their operands imply.

#include "ElementTypes.h"

#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h"
#include "qeff/Dialect/QEff/IR/QEffDialect.h"

namespace qeff::onnxir {
#define GEN_PASS_DEF_INFERSHAPESPASS
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace qeff::onnxir

using namespace qeff;
using namespace qeff::onnxir;
using mlir::func::FuncOp;

/// Gives results of unknown type an element type, where there is one.
static void inferElementTypes(FuncOp function) {
  function.walk<mlir::WalkOrder::PreOrder>([](OperatorOpInterface op) {
    for (mlir::OpResult result : op->getResults()) {
      if (!isa<AnyType>(result.getType())) {
        continue;
      }
      if (Type element = inferElementType(op, result.getResultNumber())) {
        result.setType(mlir::UnrankedTensorType::get(element));
      }
    }
  });
}

/// `type` with the sizes that `shape` knows.
static Type refine(mlir::TensorType type, ArrayRef<Expr> shape) {
  SmallVector<int64_t> sizes;
  for (Expr size : shape) {
    std::optional<int64_t> number = size ? size.getInteger() : std::nullopt;
    sizes.push_back(number && *number >= 0 ? *number : ShapedType::kDynamic);
  }
  return RankedTensorType::get(sizes, type.getElementType());
}

static void refineResults(FuncOp function, SymbolicShapes &shapes) {
  function.walk([&](OperatorOpInterface op) {
    for (Value result : op->getResults()) {
      auto type = dyn_cast<mlir::TensorType>(result.getType());
      std::optional<ArrayRef<Expr>> shape = shapes.getShape(result);
      if (type && shape &&
          (!type.hasRank() ||
           type.getRank() == static_cast<int64_t>(shape->size()))) {
        result.setType(refine(type, *shape));
      }
    }
  });
}

/// The sizes of a result: names where they are not known, else numbers.
static ArrayAttr updateDims(ArrayAttr dims, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!dims || !tensor ||
      tensor.getRank() != static_cast<int64_t>(dims.size())) {
    return {};
  }
  mlir::Builder builder(type.getContext());
  SmallVector<Attribute> changed;
  for (auto [dim, size] : llvm::zip(dims, tensor.getShape())) {
    changed.push_back(isa<FlatSymbolRefAttr>(dim) ? dim
                      : ShapedType::isDynamic(size)
                          ? Attribute(builder.getUnitAttr())
                          : builder.getI64IntegerAttr(size));
  }
  return builder.getArrayAttr(changed);
}

void onnxir::updateResultTypes(FuncOp function) {
  ValueRange values =
      function.getBody().front().getTerminator()->getOperands();
  mlir::Builder builder(function.getContext());
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           values.getTypes()));
  for (auto [i, value] : llvm::enumerate(values)) {
    auto index = static_cast<unsigned>(i);
    if (auto dims = function.getResultAttrOfType<ArrayAttr>(index, kDimsAttr)) {
      ArrayAttr changed = updateDims(dims, value.getType());
      changed ? function.setResultAttr(index, kDimsAttr, changed)
              : (void)function.removeResultAttr(
                    index, builder.getStringAttr(kDimsAttr));
    }
  }
}

namespace {
struct InferShapesPass
    : public onnxir::impl::InferShapesPassBase<InferShapesPass> {
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>()) {
      if (function.isExternal()) {
        continue;
      }
      inferElementTypes(function);
      ExprTable table;
      SymbolicShapes shapes(function, table);
      refineResults(function, shapes);
      updateResultTypes(function);
    }
  }
};
} // namespace
