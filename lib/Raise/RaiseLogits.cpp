// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-logits: a graph that gives the logits of the last position gives
// those of all positions, as canonical functions do.

#include "Positions.h"

#include "qeff/Analysis/Constants.h"
#include "qeff/Analysis/Elements.h"
#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/SetVector.h"

namespace qeff {
#define GEN_PASS_DEF_RAISELOGITSPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

namespace {
class LogitsRaiser {
public:
  LogitsRaiser(FuncOp function, Elements &elements)
      : function(function), elements(elements) {}

  void run();

private:
  Value matchLast(Operation *op);
  bool collectUsers(Value last);
  void replace(Value last, Value all);

  FuncOp function;
  Elements &elements;
  llvm::SetVector<Operation *> users;
  SmallVector<unsigned> results;
};
} // namespace

/// x [B, S, N] where `op` gives its last rows, [B, 1, N]; else null.
Value LogitsRaiser::matchLast(Operation *op) {
  if (!isa<onnxir::GatherNDOp, onnxir::GatherOp, onnxir::SliceOp>(op)) {
    return {};
  }
  std::optional<ArrayRef<Expr>> shape = elements.getShape(op->getResult(0));
  if (!shape || shape->size() != 3 || !(*shape)[1] ||
      (*shape)[1].getInteger() != 1) {
    return {};
  }
  Value all = op->getOperand(0);
  std::optional<ArrayRef<Expr>> from = elements.getShape(all);
  Expr length = from && from->size() == 3 ? (*from)[1] : Expr();
  if (!length || length.getInteger()) {
    return {};
  }
  ExprTable &table = elements.getTable();
  Expr row = table.index(0, (*shape)[0]), channel = table.index(2, (*shape)[2]);
  // Only the index matters, not what is computed for each position.
  elements.assume(all, [&](ArrayRef<Expr> index) {
    return table.load(all, index);
  });
  Expr element =
      elements.get(op->getResult(0), {row, table.integer(0), channel});
  elements.assume(all, {});
  Expr last = table.sub(length, table.integer(1));
  return element == table.load(all, {row, last, channel}) ? all : Value();
}

/// Whether `op` treats each position alone, `value` being its one operand that
/// has positions.
static bool isPositionwise(Operation *op, Value value) {
  bool isKnown =
      isa<LinearOp, RMSNormOp, LayerNormOp, ScaleOp, OffsetOp, SoftcapOp,
          onnxir::AddOp, onnxir::CastOp, onnxir::DivOp, onnxir::MulOp,
          onnxir::TanhOp>(op);
  return isKnown && llvm::all_of(op->getOperands(), [&](Value operand) {
           auto type = dyn_cast<ShapedType>(operand.getType());
           return operand == value || isa<mlir::NoneType>(operand.getType()) ||
                  (type && type.hasStaticShape() &&
                   (type.getRank() < 2 || isa<LinearOp>(op)));
         });
}

/// Collects what is computed from `last`; whether all of it is results of the
/// function, each position alone.
bool LogitsRaiser::collectUsers(Value last) {
  users.clear();
  results.clear();
  SmallVector<Value> pending{last};
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    for (mlir::OpOperand &use : value.getUses()) {
      if (isa<mlir::func::ReturnOp>(use.getOwner())) {
        results.push_back(use.getOperandNumber());
      } else if (!isPositionwise(use.getOwner(), value)) {
        return false;
      } else if (users.insert(use.getOwner())) {
        pending.push_back(use.getOwner()->getResult(0));
      }
    }
  }
  return !results.empty();
}

void LogitsRaiser::replace(Value last, Value all) {
  last.replaceAllUsesWith(all);
  int64_t length = cast<RankedTensorType>(all.getType()).getDimSize(1);
  for (Operation *user : users) {
    auto type = cast<RankedTensorType>(user->getResult(0).getType());
    user->getResult(0).setType(
        type.clone({type.getDimSize(0), length, type.getDimSize(2)}));
  }
  BlockArgument tokens = findTokens(function);
  auto dims = tokens ? function.getArgAttrOfType<ArrayAttr>(
                           tokens.getArgNumber(), kDimsAttr)
                     : ArrayAttr();
  for (unsigned number : results) {
    auto given = function.getResultAttrOfType<ArrayAttr>(number, kDimsAttr);
    if (dims && dims.size() == 2 && given && given.size() == 3) {
      function.setResultAttr(
          number, kDimsAttr,
          ArrayAttr::get(function.getContext(), {dims[0], dims[1], given[2]}));
    }
  }
}

void LogitsRaiser::run() {
  for (Value input : getIntegerInputs(function)) {
    if (mlir::getElementTypeOrSelf(input).isInteger(64)) {
      elements.assume(input,
                      [](ArrayRef<Expr> index) { return index.back(); });
    }
  }
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops) {
    Value all = matchLast(op);
    auto type = all ? dyn_cast<RankedTensorType>(all.getType())
                    : RankedTensorType();
    if (type && collectUsers(op->getResult(0)) &&
        llvm::all_of(users, [](Operation *user) {
          auto type = dyn_cast<RankedTensorType>(user->getResult(0).getType());
          return type && type.getRank() == 3;
        })) {
      replace(op->getResult(0), all);
    }
  }
  auto terminator = function.getBody().front().getTerminator();
  function.setType(mlir::FunctionType::get(
      function.getContext(), function.getArgumentTypes(),
      terminator->getOperandTypes()));
}

namespace {
struct RaiseLogits : qeff::impl::RaiseLogitsPassBase<RaiseLogits> {
  void runOnOperation() override {
    FailureOr<FuncOp> function = findMainFunction(getOperation());
    if (failed(function)) {
      return signalPassFailure();
    }
    bool isDecoder =
        llvm::any_of(function->getOps<AttentionOp>(),
                     [](AttentionOp op) { return op.getCausal(); });
    if (!isDecoder) {
      return;
    }
    ExprTable table;
    SymbolicShapes shapes(*function, table);
    ConstantReader constants(getOperation(), EvaluatorOptions());
    Elements elements(shapes, constants);
    LogitsRaiser(*function, elements).run();
  }
};
} // namespace
