// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-elementwise: activations, gates, sums. An activation is recognized
// by its values: the expression of a result over one tensor is evaluated at
// points that tell the known functions apart.

#include "ColumnSelection.h"
#include "WeightSource.h"

#include "qeff/Analysis/Constants.h"
#include "qeff/Analysis/Elements.h"
#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "llvm/ADT/SetVector.h"

#include <cmath>

namespace qeff {
#define GEN_PASS_DEF_RAISEELEMENTWISEPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

//===----------------------------------------------------------------------===//
// The known functions
//===----------------------------------------------------------------------===//

static double evaluate(Activation kind, double x) {
  switch (kind) {
  case Activation::SiLU:
    return x / (1 + std::exp(-x));
  case Activation::GELU:
    return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
  case Activation::GELUTanh:
    return 0.5 * x *
           (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case Activation::ReLU:
    return std::max(x, 0.0);
  case Activation::Tanh:
    return std::tanh(x);
  case Activation::Sigmoid:
    return 1 / (1 + std::exp(-x));
  case Activation::QuickGELU:
    return x / (1 + std::exp(-1.702 * x));
  }
  return 0;
}

static constexpr Activation kActivations[] = {
    Activation::SiLU, Activation::GELU,    Activation::GELUTanh,
    Activation::ReLU, Activation::Sigmoid, Activation::QuickGELU,
    Activation::Tanh};

/// Points at which no two of the known functions agree, and no rounding of a
/// constant to f32 shows.
static SmallVector<double> getPoints() {
  SmallVector<double> points;
  for (int i = -24; i <= 24; ++i) {
    points.push_back(0.253 * i + 0.0171);
  }
  return points;
}

static bool isClose(double a, double b) {
  // Exporters round constants to f32; gelu and gelu_tanh differ by 1e-4.
  return std::abs(a - b) <= 2e-6 * (1 + std::abs(b));
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

namespace {
class ElementwiseRaiser {
public:
  /// `takesParts`: also what usually is a part of something larger.
  ElementwiseRaiser(FuncOp function, Elements &elements, bool takesParts)
      : function(function), elements(elements), table(elements.getTable()),
        builder(function.getContext()), takesParts(takesParts) {}

  /// Whether something was recognized.
  bool run();

private:
  bool raise(Operation *op);
  bool raiseActivation(Operation *op, Expr element, Expr x);
  bool raiseScale(Operation *op, Expr element, Expr x);
  bool raiseSoftcap(Operation *op, Expr element, Expr x);
  bool raiseGate(Operation *op, Expr element, Expr x, Expr y);
  bool raiseProduct(Operation *op, Expr element, Expr x, Expr y);
  bool raiseSum(onnxir::AddOp op);
  bool raisePool(onnxir::GatherOp op);
  Value getInput(Operation *op, Expr load);
  bool readsChannels(Expr load, ArrayRef<Expr> index, Operation *op);
  std::optional<double> getValue(Expr element,
                                 ArrayRef<std::pair<Expr, double>> values);
  std::optional<Activation>
  findActivation(llvm::function_ref<std::optional<double>(double)> function);
  bool haveSameShape(Value a, Value b);

  FuncOp function;
  Elements &elements;
  ExprTable &table;
  OpBuilder builder;
  bool takesParts;
};
} // namespace

static void collectLoads(Expr expr, llvm::SetVector<Expr> &loads,
                         llvm::DenseSet<Expr> &seen) {
  if (!seen.insert(expr).second) {
    return;
  }
  if (expr.is(ExprKind::Load)) {
    loads.insert(expr);
    return;
  }
  if (!expr.is(ExprKind::Index)) {
    for (Expr operand : expr.getOperands()) {
      collectLoads(operand, loads, seen);
    }
  }
}

std::optional<double>
ElementwiseRaiser::getValue(Expr element,
                            ArrayRef<std::pair<Expr, double>> values) {
  Expr result = table.substitute(element, [&](Expr load) -> Expr {
    for (auto [of, value] : values) {
      if (load == of) {
        return table.number(value);
      }
    }
    return {};
  });
  return result ? result.getFloat() : std::nullopt;
}

std::optional<Activation> ElementwiseRaiser::findActivation(
    llvm::function_ref<std::optional<double>(double)> function) {
  for (Activation kind : kActivations) {
    bool isPart = kind == Activation::Sigmoid || kind == Activation::Tanh;
    if (isPart && !takesParts) {
      continue;
    }
    bool fits = llvm::all_of(getPoints(), [&](double x) {
      std::optional<double> value = function(x);
      return value && isClose(*value, evaluate(kind, x));
    });
    if (fits) {
      return kind;
    }
  }
  return std::nullopt;
}

bool ElementwiseRaiser::haveSameShape(Value a, Value b) {
  if (a.getType() == b.getType() &&
      cast<ShapedType>(a.getType()).hasStaticShape()) {
    return true;
  }
  std::optional<ArrayRef<Expr>> left = elements.getShape(a);
  std::optional<ArrayRef<Expr>> right = elements.getShape(b);
  return left && right && *left == *right &&
         llvm::all_of(*left, [](Expr size) { return bool(size); });
}

bool ElementwiseRaiser::raiseActivation(Operation *op, Expr element, Expr x) {
  std::optional<Activation> kind = findActivation(
      [&](double value) { return getValue(element, {{x, value}}); });
  if (!kind) {
    return false;
  }
  builder.setInsertionPoint(op);
  Value input = getInput(op, x);
  if (!input) {
    return false;
  }
  Value result = ActivateOp::create(
      builder, op->getLoc(), input.getType(), input,
      ActivationAttr::get(builder.getContext(), *kind),
      op->getAttrOfType<StringAttr>("scope"));
  op->getResult(0).replaceAllUsesWith(result);
  return true;
}

/// x·factor.
bool ElementwiseRaiser::raiseScale(Operation *op, Expr element, Expr x) {
  if (!element.is(ExprKind::Mul) || element.getOperands().size() != 2 ||
      element.getOperand(0) != x || !element.getOperand(1).getFloat()) {
    return false;
  }
  builder.setInsertionPoint(op);
  Value input = getInput(op, x);
  if (!input) {
    return false;
  }
  op->getResult(0).replaceAllUsesWith(ScaleOp::create(
      builder, op->getLoc(), input.getType(), input,
      builder.getF64FloatAttr(*element.getOperand(1).getFloat()),
      op->getAttrOfType<StringAttr>("scope")));
  return true;
}

/// cap·tanh(x / cap).
bool ElementwiseRaiser::raiseSoftcap(Operation *op, Expr element, Expr x) {
  constexpr double kFar = 1e30;
  std::optional<double> cap = getValue(element, {{x, kFar}});
  if (!cap || !(*cap > 0) || *cap >= kFar) {
    return false;
  }
  bool fits = llvm::all_of(getPoints(), [&](double at) {
    std::optional<double> value = getValue(element, {{x, at * *cap}});
    return value && isClose(*value, *cap * std::tanh(at));
  });
  // The activation tanh is the one with a cap of 1.
  if (!fits || *cap == 1) {
    return false;
  }
  builder.setInsertionPoint(op);
  Value input = getInput(op, x);
  if (!input) {
    return false;
  }
  op->getResult(0).replaceAllUsesWith(SoftcapOp::create(
      builder, op->getLoc(), input.getType(), input,
      builder.getF64FloatAttr(*cap), op->getAttrOfType<StringAttr>("scope")));
  return true;
}

/// x·y.
bool ElementwiseRaiser::raiseProduct(Operation *op, Expr element, Expr x,
                                     Expr y) {
  builder.setInsertionPoint(op);
  Value lhs = element == table.mul(x, y) ? getInput(op, x) : Value();
  Value rhs = lhs ? getInput(op, y) : Value();
  if (!rhs || lhs.getType() != rhs.getType()) {
    return false;
  }
  op->getResult(0).replaceAllUsesWith(MulOp::create(
      builder, op->getLoc(), lhs.getType(), lhs, rhs, op->getAttrOfType<StringAttr>("scope")));
  return true;
}

/// act(x)·y, linear in y.
bool ElementwiseRaiser::raiseGate(Operation *op, Expr element, Expr x,
                                  Expr y) {
  auto at = [&](double valueX, double valueY) {
    return getValue(element, {{x, valueX}, {y, valueY}});
  };
  std::optional<Activation> kind =
      findActivation([&](double value) -> std::optional<double> {
        std::optional<double> one = at(value, 1);
        std::optional<double> three = at(value, -3);
        return one && three && isClose(*three, -3 * *one) ? one
                                                          : std::nullopt;
      });
  builder.setInsertionPoint(op);
  Value gate = kind ? getInput(op, x) : Value();
  Value up = gate ? getInput(op, y) : Value();
  if (!up || gate.getType() != up.getType()) {
    return false;
  }
  Value result = GateOp::create(
      builder, op->getLoc(), gate.getType(), gate, up, ActivationAttr::get(builder.getContext(), *kind),
      op->getAttrOfType<StringAttr>("scope"));
  op->getResult(0).replaceAllUsesWith(result);
  return true;
}

bool ElementwiseRaiser::raiseSum(onnxir::AddOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || !isa<FloatType>(type.getElementType()) || type.getRank() < 2 ||
      op.getA().getType() != type || op.getB().getType() != type ||
      isWeight(op.getA()) || isWeight(op.getB()) ||
      !haveSameShape(op.getA(), op.getB())) {
    return false;
  }
  builder.setInsertionPoint(op);
  op.getResult().replaceAllUsesWith(AddOp::create(builder, op.getLoc(), type,
                                                  op.getA(), op.getB(),
                                                  op.getScopeAttr()));
  return true;
}

/// Whether `load` is of the same place as the result's `index`, or of channels at
/// a distance in a wider tensor.
bool ElementwiseRaiser::readsChannels(Expr load, ArrayRef<Expr> index,
                                      Operation *op) {
  Value source = load.getSource();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto sourceType = dyn_cast<RankedTensorType>(source.getType());
  ArrayRef<Expr> at = load.getOperands();
  if (!sourceType || at.size() != index.size()) {
    return false;
  }
  if (at == index && sourceType == type) {
    return haveSameShape(source, op->getResult(0));
  }
  Expr distance = table.sub(at.back(), index.back());
  return at.drop_back() == index.drop_back() && distance &&
         distance.getInteger() && *distance.getInteger() >= 0 &&
         sourceType.getElementType() == type.getElementType() &&
         source.getDefiningOp<LinearOp>() &&
         !type.isDynamicDim(type.getRank() - 1);
}

/// The channels that `load` reads, as a tensor like the result of `op`; null
/// where they cannot be had alone.
Value ElementwiseRaiser::getInput(Operation *op, Expr load) {
  Value source = load.getSource();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (cast<RankedTensorType>(source.getType()).getShape().back() ==
      type.getShape().back()) {
    return source;
  }
  int64_t first = 0;
  for (const ExprTerm &term : ExprTable::getTerms(load.getOperands().back())) {
    first += term.atoms.empty() ? term.coefficient : 0;
  }
  SmallVector<int64_t> columns;
  for (int64_t i = 0; i < type.getShape().back(); ++i) {
    columns.push_back(first + i);
  }
  std::string why;
  return selectColumns(builder, source, columns, why);
}

/// x[:, 0] of a hidden state.
bool ElementwiseRaiser::raisePool(onnxir::GatherOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getData().getType());
  auto resultType = dyn_cast<RankedTensorType>(op.getType());
  std::optional<SmallVector<int64_t>> indices = getIntegers(op.getIndices());
  if (!type || !resultType || type.getRank() != 3 ||
      resultType.getRank() != 2 || op.getAxis() != 1 || !indices ||
      indices->size() != 1 || indices->front() != 0 ||
      !isa<FloatType>(type.getElementType())) {
    return false;
  }
  builder.setInsertionPoint(op);
  op.getResult().replaceAllUsesWith(PoolOp::create(
      builder, op.getLoc(), resultType, op.getData(), Value(),
      PoolAttr::get(builder.getContext(), Pool::CLS), op.getScopeAttr()));
  return true;
}

bool ElementwiseRaiser::raise(Operation *op) {
  auto type = op->getNumResults() == 1
                  ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                  : RankedTensorType();
  if (!type || !isa<FloatType>(type.getElementType()) ||
      op->getResult(0).use_empty() || !getElementFn(op)) {
    return false;
  }
  SmallVector<Expr> index;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    index.push_back(table.index(axis, {}));
  }
  Expr element = elements.get(op->getResult(0), index);
  if (!element) {
    return false;
  }
  llvm::SetVector<Expr> loads;
  llvm::DenseSet<Expr> seen;
  collectLoads(element, loads, seen);
  if (loads.empty() || loads.size() > 2 || element.is(ExprKind::Load)) {
    return false;
  }
  for (Expr load : loads) {
    if (isWeight(load.getSource()) || !readsChannels(load, index, op)) {
      return false;
    }
  }
  if (loads.size() == 1) {
    return raiseScale(op, element, loads[0]) ||
           raiseActivation(op, element, loads[0]) ||
           raiseSoftcap(op, element, loads[0]);
  }
  return raiseProduct(op, element, loads[0], loads[1]) ||
         raiseGate(op, element, loads[0], loads[1]) ||
         raiseGate(op, element, loads[1], loads[0]);
}

bool ElementwiseRaiser::run() {
  bool changed = false;
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) { ops.push_back(op); });
  // From the results down: the whole of an expression before its parts.
  for (Operation *op : llvm::reverse(ops)) {
    if (op->use_empty()) {
      continue;
    }
    if (raise(op)) {
      changed = true;
    } else if (auto add = dyn_cast<onnxir::AddOp>(op)) {
      changed |= raiseSum(add);
    } else if (auto gather = dyn_cast<onnxir::GatherOp>(op)) {
      changed |= raisePool(gather);
    }
  }
  return changed;
}

namespace {
struct RaiseElementwise
    : qeff::impl::RaiseElementwisePassBase<RaiseElementwise> {
  void runOnOperation() override {
    FailureOr<FuncOp> function = findMainFunction(getOperation());
    if (failed(function)) {
      return signalPassFailure();
    }
    // What is made of something recognized shows in the next round.
    constexpr int kMaxRounds = 16;
    bool takesParts = false;
    ConstantReader constants(getOperation(), EvaluatorOptions());
    for (int round = 0; round < kMaxRounds; ++round) {
      ExprTable table;
      SymbolicShapes shapes(*function, table);
      Elements elements(shapes, constants);
      if (ElementwiseRaiser(*function, elements, takesParts).run()) {
        continue;
      }
      if (takesParts) {
        break;
      }
      takesParts = true;
    }
  }
};
} // namespace
