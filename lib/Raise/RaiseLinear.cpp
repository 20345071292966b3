// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-linear: products with weights become linear layers, on the hidden
// state as it is, not on its rows flattened.

#include "LoRABranch.h"
#include "ModuleNames.h"
#include "Remarks.h"
#include "WeightSource.h"

#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/Support/MathExtras.h"

namespace qeff {
#define GEN_PASS_DEF_RAISELINEARPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

namespace {

/// x·Wᵀ + b.
struct LinearMatch {
  Value input;
  Value weight; ///< [K, N] or, transposed, [N, K]
  bool transposed = false;
  Value bias; ///< [N], or null
};

class LinearRaiser {
public:
  LinearRaiser(FuncOp function, SymbolicShapes &shapes)
      : function(function), shapes(shapes), builder(function.getContext()) {}

  void run();

private:
  std::optional<LinearMatch> match(Operation *op);
  void raise(Operation *op, const LinearMatch &match);
  Value unflatten(Value x);
  Value joinLastAxes(Value x, int64_t size);
  void replaceFlat(Operation *op, Value input, Value result);
  bool addBias(onnxir::AddOp add);
  void mergeBranch(onnxir::AddOp add);
  void raiseClip(onnxir::ClipOp clip);

  FuncOp function;
  SymbolicShapes &shapes;
  OpBuilder builder;
};

} // namespace

static RankedTensorType getFloatTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType()) ? type
                                                       : RankedTensorType();
}

/// Whether `value` is a weight of `rank` axes.
static bool isWeightOfRank(Value value, int64_t rank) {
  return isWeight(value) &&
         cast<RankedTensorType>(value.getType()).getRank() == rank;
}

std::optional<LinearMatch> LinearRaiser::match(Operation *op) {
  if (auto matmul = dyn_cast<onnxir::MatMulOp>(op)) {
    RankedTensorType type = getFloatTensor(matmul.getA());
    if (type && type.getRank() >= 2 && !isWeight(matmul.getA()) &&
        isWeightOfRank(matmul.getB(), 2)) {
      return LinearMatch{matmul.getA(), matmul.getB(), false, Value()};
    }
    return std::nullopt;
  }
  auto gemm = dyn_cast<onnxir::GemmOp>(op);
  if (!gemm || !getFloatTensor(gemm.getA()) || gemm.getTransA() != 0 ||
      gemm.getAlpha() != 1 || !isWeightOfRank(gemm.getB(), 2) ||
      isWeight(gemm.getA())) {
    return std::nullopt;
  }
  LinearMatch result{gemm.getA(), gemm.getB(), gemm.getTransB() != 0, Value()};
  if (isa<mlir::NoneType>(gemm.getC().getType())) {
    return result;
  }
  if (gemm.getBeta() != 1 || !isWeightOfRank(gemm.getC(), 1)) {
    return std::nullopt;
  }
  result.bias = gemm.getC();
  return result;
}

/// The hidden state [B, S, C] that `x` [B·S, C] is, or `x`.
Value LinearRaiser::unflatten(Value x) {
  auto reshape = x.getDefiningOp<onnxir::ReshapeOp>();
  RankedTensorType type = getFloatTensor(x);
  if (!reshape || !type || type.getRank() != 2 || type.isDynamicDim(1)) {
    return x;
  }
  Value data = reshape.getData();
  RankedTensorType from = getFloatTensor(data);
  if (!from || from.getRank() < 3) {
    return x;
  }
  int64_t size = 1;
  for (int64_t part : from.getShape().drop_front(2)) {
    if (ShapedType::isDynamic(part) ||
        llvm::MulOverflow(size, part, size)) {
      return x;
    }
  }
  if (size != type.getDimSize(1)) {
    return x;
  }
  return from.getRank() == 3 ? data : joinLastAxes(data, size);
}

/// `x` [B, S, …] as [B, S, size].
Value LinearRaiser::joinLastAxes(Value x, int64_t size) {
  auto from = cast<RankedTensorType>(x.getType());
  auto shapeType = RankedTensorType::get({3}, builder.getI64Type());
  int64_t target[] = {0, 0, size};
  Value shape = onnxir::InitializerOp::create(
      builder, x.getLoc(), shapeType, "joined",
      DenseElementsAttr::get(shapeType, ArrayRef<int64_t>(target)));
  return onnxir::ReshapeOp::create(
      builder, x.getLoc(),
      from.clone({from.getDimSize(0), from.getDimSize(1), size}), x, shape,
      builder.getI64IntegerAttr(0), StringAttr(), StringAttr());
}

/// Replaces the flat result of `op` by `result` [B, S, N]: where it gets that
/// shape again, and flattened elsewhere.
void LinearRaiser::replaceFlat(Operation *op, Value from, Value result) {
  Value flat = op->getResult(0);
  std::optional<ArrayRef<Expr>> input = shapes.getShape(from);
  for (Operation *user : llvm::make_early_inc_range(flat.getUsers())) {
    auto reshape = dyn_cast<onnxir::ReshapeOp>(user);
    std::optional<ArrayRef<Expr>> shape =
        reshape ? shapes.getShape(reshape) : std::nullopt;
    bool isBack = shape && input && shape->size() == 3 &&
                  (*shape)[0] && (*shape)[0] == (*input)[0] &&
                  (*shape)[1] && (*shape)[1] == (*input)[1];
    if (isBack) {
      reshape.getResult().replaceAllUsesWith(result);
      reshape.erase();
    }
  }
  if (flat.use_empty()) {
    return;
  }
  auto type = cast<RankedTensorType>(result.getType());
  auto shapeType = RankedTensorType::get({2}, builder.getI64Type());
  int64_t target[] = {-1, type.getDimSize(2)};
  Value shape = onnxir::InitializerOp::create(
      builder, op->getLoc(), shapeType, "flat",
      DenseElementsAttr::get(shapeType, ArrayRef<int64_t>(target)));
  flat.replaceAllUsesWith(onnxir::ReshapeOp::create(
      builder, op->getLoc(), flat.getType(), result, shape,
      builder.getI64IntegerAttr(0), StringAttr(), StringAttr()));
}

void LinearRaiser::raise(Operation *op, const LinearMatch &match) {
  builder.setInsertionPoint(op);
  Value input = unflatten(match.input);
  Value weight = getWeight(builder, match.weight);
  auto type = cast<RankedTensorType>(weight.getType());
  if (!match.transposed) {
    type = type.clone({type.getDimSize(1), type.getDimSize(0)});
    weight = builder.createOrFold<TransposeOp>(
        op->getLoc(), type, weight, builder.getDenseI64ArrayAttr({1, 0}));
  }
  Value bias = match.bias ? getWeight(builder, match.bias) : Value();
  auto inputType = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> shape = llvm::to_vector(inputType.getShape());
  shape.back() = type.getDimSize(0);
  Value result = LinearOp::create(
      builder, op->getLoc(), inputType.clone(shape), input, weight, bias,
      getLinearModule(op, match.weight, !match.transposed),
      op->getAttrOfType<StringAttr>("scope"));
  if (input == match.input) {
    op->getResult(0).replaceAllUsesWith(result);
  } else {
    replaceFlat(op, match.input.getDefiningOp()->getOperand(0), result);
  }
  op->erase();
}

/// linear(x) + b is a linear layer with a bias.
bool LinearRaiser::addBias(onnxir::AddOp add) {
  for (auto [a, b] : {std::pair(add.getA(), add.getB()),
                      std::pair(add.getB(), add.getA())}) {
    auto linear = a.getDefiningOp<LinearOp>();
    if (!linear || linear.getBias() || !linear->hasOneUse() ||
        !isWeightOfRank(b, 1) ||
        cast<RankedTensorType>(b.getType()).getDimSize(0) !=
            cast<RankedTensorType>(linear.getWeight().getType())
                .getDimSize(0)) {
      continue;
    }
    builder.setInsertionPoint(add);
    Value result = LinearOp::create(
        builder, linear.getLoc(), linear.getType(), linear.getInput(),
        linear.getWeight(), getWeight(builder, b), linear.getModuleAttr(),
        linear.getScopeAttr());
    add.getResult().replaceAllUsesWith(result);
    add.erase();
    linear.erase();
    return true;
  }
  return false;
}

/// linear(x) + s·B·(A·x) is a linear layer of W + s·B·A.
void LinearRaiser::mergeBranch(onnxir::AddOp add) {
  std::string why;
  std::optional<LoRABranch> branch = matchLoRABranch(add, why);
  if (!branch) {
    if (!why.empty()) {
      emitLoRAMissed(add, why);
    }
    return;
  }
  builder.setInsertionPoint(add);
  add.getResult().replaceAllUsesWith(mergeLoRABranch(builder, *branch));
  add.erase();
  branch->base.erase();
}

/// Limits of a projection.
void LinearRaiser::raiseClip(onnxir::ClipOp clip) {
  std::optional<double> low = getSplat(clip.getMin());
  std::optional<double> high = getSplat(clip.getMax());
  Value input = clip.getInput();
  if (!low || !high || *low > *high || !input.getDefiningOp<LinearOp>() ||
      input.getType() != clip.getType()) {
    return;
  }
  builder.setInsertionPoint(clip);
  clip.getResult().replaceAllUsesWith(ClipOp::create(
      builder, clip.getLoc(), clip.getType(), input,
      builder.getF64FloatAttr(*low), builder.getF64FloatAttr(*high),
      UnitAttr(), clip.getScopeAttr()));
  clip.erase();
}

void LinearRaiser::run() {
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    if (isa<onnxir::MatMulOp, onnxir::GemmOp, onnxir::AddOp,
            onnxir::ClipOp>(op)) {
      ops.push_back(op);
    }
  });
  for (Operation *op : ops) {
    if (auto add = dyn_cast<onnxir::AddOp>(op)) {
      if (!addBias(add)) {
        mergeBranch(add);
      }
    } else if (auto clip = dyn_cast<onnxir::ClipOp>(op)) {
      raiseClip(clip);
    } else if (std::optional<LinearMatch> found = match(op)) {
      raise(op, *found);
    }
  }
}

namespace {
struct RaiseLinear : qeff::impl::RaiseLinearPassBase<RaiseLinear> {
  void runOnOperation() override {
    FailureOr<FuncOp> function = findMainFunction(getOperation());
    if (failed(function)) {
      return signalPassFailure();
    }
    ExprTable table;
    SymbolicShapes shapes(*function, table);
    LinearRaiser(*function, shapes).run();
  }
};
} // namespace
