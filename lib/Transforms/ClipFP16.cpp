// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-clip-fp16: keeps weights that become f16 within its range.

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"

#include "mlir/IR/Matchers.h"

namespace qeff {
#define GEN_PASS_DEF_CLIPFP16PASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;

namespace {
/// The largest finite f16.
constexpr double kF16Max = 65504.0;

/// What is known of a weight's values without reading them.
enum class Range {
  /// Not a weight: depends on an argument or on an op that is not lazy.
  Unknown,
  /// Every number is within f16's range, or −∞.
  WithinF16,
  BeyondF16
};

/// Follows weights from their leaves.
class RangeAnalysis {
public:
  Range get(Value value);

private:
  Range compute(Operation *op);
  Range computeLeaf(WeightRefOp reference);

  /// Deeper expressions count as unknown: so does one that refers to itself.
  static constexpr int64_t kMaxDepth = 1024;
  int64_t depth = 0;
  SymbolTableCollection symbols;
  llvm::DenseMap<Value, Range> known;
};
} // namespace

static bool isF16(Type type) {
  return cast<RankedTensorType>(type).getElementType().isF16();
}

/// Whether a constant has a finite or positive infinite value beyond f16.
static bool exceedsF16(mlir::DenseElementsAttr constant) {
  if (!isa<FloatType>(constant.getElementType())) {
    return false;
  }
  return llvm::any_of(
      constant.getValues<llvm::APFloat>(), [](const llvm::APFloat &value) {
        double number = value.convertToDouble();
        return number > kF16Max ||
               (number < -kF16Max && !value.isInfinity());
      });
}

Range RangeAnalysis::computeLeaf(WeightRefOp reference) {
  Operation *symbol =
      symbols.lookupNearestSymbolFrom(reference, reference.getWeightAttr());
  if (auto expr = dyn_cast_if_present<WeightExprOp>(symbol)) {
    return get(expr.getYielded());
  }
  return isF16(reference.getType()) ? Range::WithinF16 : Range::BeyondF16;
}

Range RangeAnalysis::compute(Operation *op) {
  if (auto reference = dyn_cast<WeightRefOp>(op)) {
    return computeLeaf(reference);
  }
  mlir::DenseElementsAttr constant;
  if (mlir::matchPattern(op, mlir::m_Constant(&constant))) {
    return exceedsF16(constant) ? Range::BeyondF16 : Range::WithinF16;
  }
  if (!isa<StreamableOpInterface>(op)) {
    return Range::Unknown;
  }
  // What these make larger has a limit in its type alone.
  bool mayGrow =
      isa<ScaleOp, OffsetOp>(op) && !isF16(op->getResult(0).getType());
  Range range = mayGrow ? Range::BeyondF16 : Range::WithinF16;
  for (Value operand : op->getOperands()) {
    Range inner = get(operand);
    if (inner == Range::Unknown) {
      return inner;
    }
    range = inner == Range::BeyondF16 ? inner : range;
  }
  auto clip = dyn_cast<ClipOp>(op);
  if (clip && clip.getMin().convertToDouble() >= -kF16Max &&
      clip.getMax().convertToDouble() <= kF16Max) {
    return Range::WithinF16;
  }
  return range;
}

Range RangeAnalysis::get(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || depth > kMaxDepth) {
    return Range::Unknown;
  }
  auto [entry, isNew] = known.try_emplace(value, Range::Unknown);
  if (!isNew) {
    return entry->second;
  }
  ++depth;
  Range range = compute(op);
  --depth;
  known[value] = range;
  return range;
}

namespace {
struct ClipFP16Pass : public qeff::impl::ClipFP16PassBase<ClipFP16Pass> {
  void runOnOperation() override {
    RangeAnalysis ranges;
    SmallVector<CastOp> casts;
    // Operands come first, so the analysis finds them known.
    getOperation().walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
      for (Value result : op->getResults()) {
        (void)ranges.get(result);
      }
      auto cast = dyn_cast<CastOp>(op);
      if (cast && isF16(cast.getType()) &&
          ranges.get(cast.getInput()) == Range::BeyondF16) {
        casts.push_back(cast);
      }
    });
    for (CastOp op : casts) {
      insertClip(op);
    }
  }

  static void insertClip(CastOp op) {
    OpBuilder builder(op);
    Value input = op.getInput();
    auto type = cast<RankedTensorType>(input.getType());
    // bf16 has no 65504.
    if (!type.getElementType().isF32()) {
      type = type.clone(builder.getF32Type());
      input = CastOp::create(builder, op.getLoc(), type, input);
    }
    Value clipped = ClipOp::create(
        builder, op.getLoc(), type, input, llvm::APFloat(-kF16Max),
        llvm::APFloat(kF16Max), /*keep_negative_infinity=*/true, StringAttr());
    op.getInputMutable().assign(clipped);
  }
};
} // namespace
