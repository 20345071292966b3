// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnxir-fold-constants: computes what does not depend on the inputs, and
// removes what changes nothing.

#include "ConstantEvaluator.h"
#include "Folder.h"

#include "qeff/Dialect/ONNXIR/Transforms/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace qeff::onnxir {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace qeff::onnxir

using namespace qeff;
using namespace qeff::onnxir;
using mlir::func::FuncOp;

DenseElementsAttr onnxir::getConstant(Value value) {
  auto initializer = value.getDefiningOp<InitializerOp>();
  return dyn_cast_if_present<DenseElementsAttr>(
      initializer ? initializer.getValue() : TypedAttr());
}

std::optional<SmallVector<Expr>> Folder::getShape(Value value) {
  if (std::optional<ArrayRef<Expr>> shape = shapes.getShape(value)) {
    return llvm::to_vector(*shape);
  }
  DenseElementsAttr constant = getConstant(value);
  if (!constant) {
    return std::nullopt;
  }
  // One that the sweep has made.
  return llvm::map_to_vector(
      constant.getType().getShape(),
      [&](int64_t size) { return shapes.getTable().integer(size); });
}

bool Folder::haveSameShape(Value a, Value b) {
  std::optional<SmallVector<Expr>> first = getShape(a), second = getShape(b);
  return first && second && *first == *second &&
         llvm::all_of(*first, [](Expr size) { return bool(size); });
}

std::optional<SmallVector<int64_t>> Folder::getIntegers(Value value) {
  std::optional<ArrayRef<Expr>> elements = shapes.getElements(value);
  DenseElementsAttr constant = getConstant(value);
  if (!elements && constant && constant.getElementType().isInteger(64)) {
    return llvm::to_vector(constant.getValues<int64_t>());
  }
  if (!elements) {
    return std::nullopt;
  }
  SmallVector<int64_t> result;
  for (Expr element : *elements) {
    std::optional<int64_t> number =
        element ? element.getInteger() : std::nullopt;
    if (!number) {
      return std::nullopt;
    }
    result.push_back(*number);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// An integer tensor whose elements the analysis of shapes knows.
Value Folder::foldKnownElements(OperatorOpInterface op) {
  Value result = op->getResult(0);
  auto type = dyn_cast<mlir::TensorType>(result.getType());
  auto element = type ? dyn_cast<IntegerType>(type.getElementType())
                      : IntegerType();
  std::optional<ArrayRef<Expr>> shape = shapes.getShape(result);
  std::optional<SmallVector<int64_t>> values = getIntegers(result);
  if (!element || element.getWidth() > 64 || !shape || !values || shape->size() > 1) {
    return {};
  }
  SmallVector<int64_t> sizes;
  if (shape->size() == 1) {
    sizes.push_back(static_cast<int64_t>(values->size()));
  } else if (values->size() != 1) {
    return {};
  }
  SmallVector<llvm::APInt> integers;
  for (int64_t value : *values) {
    llvm::APInt wide(64, static_cast<uint64_t>(value), /*isSigned=*/true);
    llvm::APInt narrow = wide.trunc(element.getWidth());
    bool fits = element.isUnsigned() || element.getWidth() == 1
                    ? narrow.zext(64) == wide
                    : narrow.sext(64) == wide;
    if (!fits) {
      return {};
    }
    integers.push_back(narrow);
  }
  return initializers.get(
      DenseElementsAttr::get(RankedTensorType::get(sizes, element), integers),
      op.getNameAttr() ? op.getNameAttr().getValue() : "folded");
}

/// An operator on constants.
Value Folder::foldOperands(OperatorOpInterface op) {
  SmallVector<DenseElementsAttr> operands;
  for (Value operand : op->getOperands()) {
    operands.push_back(getConstant(operand));
    // The result's type says what the shape of a reshaped constant is.
    bool isNeeded = operands.size() == 1 ||
                    !isa<ReshapeOp, SqueezeOp, UnsqueezeOp>(op);
    if (isNeeded && !operands.back() &&
        !isa<mlir::NoneType>(operand.getType())) {
      return {};
    }
  }
  DenseElementsAttr value = evaluate(op, operands);
  return value ? initializers.get(value, op.getNameAttr()
                                             ? op.getNameAttr().getValue()
                                             : "folded")
               : Value();
}

/// An earlier value with the same elements, all known. Where there is none,
/// this is the one for those behind.
Value Folder::reuse(OperatorOpInterface op) {
  Value result = op->getResult(0);
  auto type = dyn_cast<mlir::TensorType>(result.getType());
  std::optional<ArrayRef<Expr>> elements = shapes.getElements(result);
  std::optional<ArrayRef<Expr>> shape = shapes.getShape(result);
  if (!type || !elements || !shape ||
      op->getBlock() != &function.getBody().front() ||
      !llvm::all_of(*elements, [](Expr element) { return bool(element); })) {
    return {};
  }
  size_t hash = llvm::hash_combine(
      type.getElementType(), shape->size(),
      llvm::hash_combine_range(elements->begin(), elements->end()));
  auto [begin, end] = known.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    auto other = cast<mlir::TensorType>(at->second.getType());
    if (other.getElementType() == type.getElementType() &&
        *shapes.getShape(at->second) == *shape &&
        *shapes.getElements(at->second) == *elements) {
      return at->second;
    }
  }
  known.emplace(hash, result);
  return {};
}

//===----------------------------------------------------------------------===//
// Targets of Reshape
//===----------------------------------------------------------------------===//

/// Makes the target a constant: sizes that are the operand's are 0, and one
/// that is neither is -1. That one must not stand beside sizes that may be
/// zero: only the first axis, the batch, is trusted.
void Folder::simplifyTarget(ReshapeOp op) {
  std::optional<ArrayRef<Expr>> target = shapes.getElements(op.getShape());
  std::optional<ArrayRef<Expr>> from = shapes.getShape(op.getData());
  if (!target || getConstant(op.getShape()) || op.getAllowzero() != 0) {
    return;
  }
  SmallVector<int64_t> sizes;
  int64_t numCopies = 0, numOpen = 0;
  bool isNew = false;
  for (auto [i, size] : llvm::enumerate(*target)) {
    std::optional<int64_t> number = size ? size.getInteger() : std::nullopt;
    if (number) {
      sizes.push_back(*number);
      numOpen += *number == -1;
    } else if (size && from && i < from->size() && (*from)[i] == size) {
      sizes.push_back(0);
      numCopies += i > 0;
    } else {
      sizes.push_back(-1);
      ++numOpen;
      isNew = true;
    }
    // Null is not known to be no -1 itself.
    if (!size || (!number && !shapes.getTable().isKnownNonNegative(size))) {
      return;
    }
  }
  if (numOpen > 1 || (isNew && numCopies > 0)) {
    return;
  }
  op->setOperand(1, initializers.getInts(sizes, "shape"));
}

/// Reads what the reshapes before read, where the target copies no size.
void Folder::bypassReshapes(ReshapeOp op) {
  DenseElementsAttr target = getConstant(op.getShape());
  if (!target || !target.getElementType().isInteger(64) ||
      (op.getAllowzero() == 0 &&
       llvm::is_contained(target.getValues<int64_t>(), 0))) {
    return;
  }
  Value value = op.getData();
  for (int i = 0; i < kMaxChain && isReshape(value.getDefiningOp()); ++i) {
    value = value.getDefiningOp()->getOperand(0);
  }
  op->setOperand(0, value);
}

//===----------------------------------------------------------------------===//
// The sweep
//===----------------------------------------------------------------------===//

Value Folder::fold(OperatorOpInterface op) {
  if (op->getNumResults() != 1) {
    return {};
  }
  if (Value constant = foldKnownElements(op)) {
    return constant;
  }
  if (Value constant = foldOperands(op)) {
    return constant;
  }
  Value value = foldNoise(op);
  return value ? value : reuse(op);
}

static void eraseDead(FuncOp function) {
  SmallVector<Operation *> ops;
  function.getBody().walk<mlir::WalkOrder::PreOrder>(
      [&](Operation *op) { ops.push_back(op); });
  for (Operation *op : llvm::reverse(ops)) {
    if (mlir::isOpTriviallyDead(op)) {
      op->erase();
    }
  }
}

void Folder::run() {
  SmallVector<OperatorOpInterface> ops;
  function.walk<mlir::WalkOrder::PreOrder>(
      [&](OperatorOpInterface op) { ops.push_back(op); });
  for (OperatorOpInterface op : ops) {
    if (Value value = fold(op)) {
      // What is known of the result is known of what it is replaced by.
      if (isa<AnyType, mlir::UnrankedTensorType>(value.getType()) &&
          value.getDefiningOp<OperatorOpInterface>()) {
        value.setType(op->getResult(0).getType());
      }
      op->getResult(0).replaceAllUsesWith(value);
    } else if (auto reshape = dyn_cast<ReshapeOp>(*op)) {
      simplifyTarget(reshape);
      bypassReshapes(reshape);
    }
  }
  eraseDead(function);
}

namespace {
struct FoldConstantsPass
    : public onnxir::impl::FoldConstantsPassBase<FoldConstantsPass> {
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>()) {
      if (function.isExternal()) {
        continue;
      }
      ExprTable table;
      SymbolicShapes shapes(function, table);
      Folder(function, shapes).run();
      updateResultTypes(function);
    }
  }
};
} // namespace
