// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A branch is merged: a linear layer stays a linear layer, so that everything
// that knows those (fused heads, gates, both targets, further adapters) knows
// it, nothing is computed twice, and W + s·B·A is streamed like any weight.

#include "LoRABranch.h"
#include "WeightSource.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace qeff;

/// Casts and factors on the path of an adapter are few.
static constexpr int64_t kMaxSteps = 16;
/// Adapters of one layer: expressions of weights stay small.
static constexpr int64_t kMaxAdapters = 16;

namespace {
/// A path from a sum back to a layer of two factors.
struct Path {
  LinearOp a;
  LinearOp b;
  double scaling = 1;
  bool isConstant = true; ///< whether all factors are numbers
};
} // namespace

/// The operand of an op that changes no value, or null.
static Value skipOne(Value value) {
  Operation *op = value.getDefiningOp();
  bool isFloatCast =
      isa_and_present<onnxir::CastOp>(op) &&
      isa<FloatType>(mlir::getElementTypeOrSelf(op->getOperand(0).getType())) &&
      isa<FloatType>(mlir::getElementTypeOrSelf(value.getType()));
  return isFloatCast || isa_and_present<onnxir::IdentityOp>(op)
             ? op->getOperand(0)
             : Value();
}

static Value skipAll(Value value) {
  for (int64_t step = 0; step < kMaxSteps; ++step) {
    Value inner = skipOne(value);
    if (!inner) {
      break;
    }
    value = inner;
  }
  return value;
}

/// The factor that `mul` scales, or null where that is not told.
static Value skipFactor(onnxir::MulOp mul, Path &path) {
  for (auto [x, factor] : {std::pair(mul.getA(), mul.getB()),
                           std::pair(mul.getB(), mul.getA())}) {
    std::optional<double> number = getSplat(factor);
    if (number && x.getType() == mul.getType()) {
      path.scaling *= *number;
      return x;
    }
  }
  path.isConstant = false;
  bool isFirst = skipAll(mul.getA()).getDefiningOp<LinearOp>() != nullptr;
  return isFirst ? mul.getA() : mul.getB();
}

static std::optional<Path> findPath(Value value) {
  Path path;
  for (int64_t step = 0; step < kMaxSteps; ++step) {
    if (Value inner = skipOne(value)) {
      value = inner;
    } else if (auto mul = value.getDefiningOp<onnxir::MulOp>()) {
      value = skipFactor(mul, path);
    } else {
      break;
    }
  }
  path.b = value.getDefiningOp<LinearOp>();
  path.a = path.b ? skipAll(path.b.getInput()).getDefiningOp<LinearOp>()
                  : LinearOp();
  if (!path.a || path.a.getBias() || path.b.getBias()) {
    return std::nullopt;
  }
  return path;
}

/// Axis 0 of a layer's weight counts its outputs, axis 1 its inputs.
static int64_t getSize(LinearOp op, int64_t axis) {
  return cast<RankedTensorType>(op.getWeight().getType()).getDimSize(axis);
}

static int64_t countAdapters(LinearOp base) {
  int64_t count = 0;
  for (auto merge = base.getWeight().getDefiningOp<LoRAMergeOp>(); merge;
       merge = merge.getWeight().getDefiningOp<LoRAMergeOp>()) {
    ++count;
  }
  return count;
}

/// Why `path` is no branch of the layer `base`, or "".
static std::string check(Path path, LinearOp base) {
  if (!path.isConstant || !std::isfinite(path.scaling)) {
    return "its scale is no number";
  }
  Value from = skipAll(path.a.getInput());
  auto node = from.getDefiningOp<onnxir::NodeOp>();
  if (node && node.getOpType() == "Dropout") {
    return "it has a dropout of training";
  }
  if (from != skipAll(base.getInput())) {
    return "it does not take the layer's input";
  }
  if (!base->hasOneUse()) {
    return "the layer's own result is used elsewhere";
  }
  if (countAdapters(base) >= kMaxAdapters) {
    return "the layer has too many";
  }
  return "";
}

/// Whether the two factors are smaller than their product.
static bool isLowRank(Path path) {
  int64_t rank = getSize(path.a, 0);
  return rank < getSize(path.a, 1) && rank < getSize(path.b, 0);
}

std::optional<LoRABranch> qeff::matchLoRABranch(onnxir::AddOp add,
                                                std::string &why) {
  for (auto [layer, branch] : {std::pair(add.getA(), add.getB()),
                               std::pair(add.getB(), add.getA())}) {
    auto base = layer.getDefiningOp<LinearOp>();
    std::optional<Path> path = base ? findPath(branch) : std::nullopt;
    if (!path || base.getType() != add.getType() ||
        getSize(path->b, 0) != getSize(base, 0)) {
      continue;
    }
    std::string reason = check(*path, base);
    if (reason.empty()) {
      return LoRABranch{base, path->a, path->b, path->scaling};
    }
    if (isLowRank(*path)) {
      why = reason;
    }
  }
  return std::nullopt;
}

Value qeff::mergeLoRABranch(OpBuilder &builder, const LoRABranch &branch) {
  LinearOp base = branch.base, a = branch.a, b = branch.b;
  Value weight = LoRAMergeOp::create(
      builder, base.getLoc(), base.getWeight().getType(), base.getWeight(),
      a.getWeight(), b.getWeight(), /*magnitude=*/Value(),
      builder.getF64FloatAttr(branch.scaling));
  return LinearOp::create(builder, base.getLoc(), base.getType(),
                          base.getInput(), weight, base.getBias(),
                          base.getModuleAttr(), base.getScopeAttr());
}
