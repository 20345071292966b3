// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-lower-operators: operators of com.microsoft become those of ONNX, so that
// raising sees one form of each.

#include "LowerAttention.h"
#include "OperatorBuilder.h"
#include "Remarks.h"

#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Raise/Passes.h"

namespace qeff {
#define GEN_PASS_DEF_LOWEROPERATORSPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using namespace qeff::onnxir;
using mlir::func::FuncOp;

/// Whether `value` is a tensor of floats that broadcasts to `to`.
static bool isTerm(Value value, RankedTensorType to) {
  RankedTensorType from = getFloatTensor(value);
  if (!from || !to || from.getRank() > to.getRank()) {
    return false;
  }
  ArrayRef<int64_t> sizes = to.getShape().take_back(from.getRank());
  return llvm::all_of(llvm::zip(from.getShape(), sizes), [](auto pair) {
    auto [a, b] = pair;
    return a == b || a == 1 || ShapedType::isDynamic(a) ||
           ShapedType::isDynamic(b);
  });
}

static bool isTermOrAbsent(Value value, RankedTensorType to) {
  return isAbsent(value) || isTerm(value, to);
}

/// A tensor of floats whose type is that of `value`, or null.
static RankedTensorType getTypeLike(Value result, Value value) {
  RankedTensorType type = getFloatTensor(value);
  return type && type.getRank() > 0 && result.getType() == type
             ? type
             : RankedTensorType();
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

/// Whether `value` is a product, maybe of rows that were flattened.
static bool isProduct(Value value) {
  if (auto reshape = value.getDefiningOp<ReshapeOp>()) {
    value = reshape.getData();
  }
  return isa_and_present<MatMulOp, GemmOp, MicrosoftFusedMatMulOp,
                         MicrosoftMatMulNBitsOp>(value.getDefiningOp());
}

/// input + skip + bias, or null. The bias is that of the product, if there is
/// one.
template <typename Op> static Value addSkip(OperatorBuilder &b, Op op) {
  RankedTensorType type = getTypeLike(op.getOutput(), op.getInput());
  if (!type || !isTerm(op.getSkip(), type) ||
      !isTermOrAbsent(op.getBias(), type) || !isTerm(op.getGamma(), type) ||
      !op.getMean().use_empty() || !op.getInvStdVar().use_empty() ||
      !canReplace(op.getInputSkipBiasSum(), type)) {
    return {};
  }
  Value input = op.getInput(), skip = op.getSkip();
  if (!isAbsent(op.getBias())) {
    Value &product = isProduct(input) || skip.getType() != type ? input : skip;
    product = b.add(product, op.getBias());
  }
  return b.add(input, skip);
}

static Value normalize(OperatorBuilder &b, Value x, Value weight, Value bias,
                       FloatAttr epsilon, StringAttr name) {
  Type none = b.getBuilder().getNoneType();
  return LayerNormalizationOp::create(
             b.getBuilder(), b.getLoc(), x.getType(), none, none, x, weight,
             bias, b.getBuilder().getI64IntegerAttr(-1), epsilon,
             b.getBuilder().getI64IntegerAttr(1), name, b.getScope())
      .getY();
}

static bool lower(OperatorBuilder &b, MicrosoftSkipLayerNormalizationOp op) {
  if (!isTermOrAbsent(op.getBeta(), getFloatTensor(op.getInput()))) {
    return false;
  }
  Value sum = addSkip(b, op);
  if (!sum) {
    return false;
  }
  op.getInputSkipBiasSum().replaceAllUsesWith(sum);
  op.getOutput().replaceAllUsesWith(normalize(b, sum, op.getGamma(),
                                              op.getBeta(),
                                              op.getEpsilonAttr(),
                                              b.getName()));
  return true;
}

static bool lower(OperatorBuilder &b,
                  MicrosoftSkipSimplifiedLayerNormalizationOp op) {
  Value sum = addSkip(b, op);
  if (!sum) {
    return false;
  }
  op.getInputSkipBiasSum().replaceAllUsesWith(sum);
  Type none = b.getBuilder().getNoneType();
  auto norm = SimplifiedLayerNormalizationOp::create(
      b.getBuilder(), b.getLoc(), sum.getType(), none, sum, op.getGamma(),
      b.getBuilder().getI64IntegerAttr(-1), op.getEpsilonAttr(),
      b.getBuilder().getI64IntegerAttr(1), b.getName(), b.getScope());
  op.getOutput().replaceAllUsesWith(norm->getResult(0));
  return true;
}

//===----------------------------------------------------------------------===//
// Embeddings
//===----------------------------------------------------------------------===//

/// [B, S] of integers.
static bool isIndices(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 2 && isa<IntegerType>(type.getElementType());
}

static bool isTable(Value value) {
  RankedTensorType type = getFloatTensor(value);
  return type && type.getRank() == 2;
}

/// How many of a row's tokens `mask` [B, S] keeps, [B] of i32.
static Value countKept(OperatorBuilder &b, Value mask) {
  OpBuilder &builder = b.getBuilder();
  auto type = cast<RankedTensorType>(mask.getType());
  auto counts =
      RankedTensorType::get({type.getDimSize(0)}, type.getElementType());
  Value sum = ReduceSumOp::create(builder, b.getLoc(), counts, mask,
                                  b.getInts({1}), builder.getI64IntegerAttr(0),
                                  builder.getI64IntegerAttr(0), {},
                                  b.getScope());
  return b.cast(sum, builder.getI32Type());
}

/// Whether the operands are tables and indices, and the mask's index one that
/// counts.
static bool isEmbedding(MicrosoftEmbedLayerNormalizationOp op) {
  bool hasTypes = !isAbsent(op.getSegmentIds());
  bool counts = !isAbsent(op.getMask()) &&
                op.getMaskIndexType().value_or(0) == 0;
  return isIndices(op.getInputIds()) && isTable(op.getWordEmbedding()) &&
         isTable(op.getPositionEmbedding()) &&
         (!hasTypes || (isIndices(op.getSegmentIds()) &&
                        isTable(op.getSegmentEmbedding()))) &&
         (isAbsent(op.getPositionIds()) || isIndices(op.getPositionIds())) &&
         (isAbsent(op.getMask()) || isIndices(op.getMask())) &&
         (op.getMaskIndex().use_empty() || counts);
}

static bool lower(OperatorBuilder &b, MicrosoftEmbedLayerNormalizationOp op) {
  if (!isEmbedding(op)) {
    return false;
  }
  Value sum = b.gather(op.getWordEmbedding(), op.getInputIds());
  Value positions = op.getPositionIds();
  if (isAbsent(positions)) {
    positions = b.unsqueeze(b.count(op.getInputIds(), 1), {0});
  }
  RankedTensorType type = getTypeLike(op.getOutput(), sum);
  Value terms[] = {b.gather(op.getPositionEmbedding(), positions),
                   isAbsent(op.getSegmentIds())
                       ? Value()
                       : b.gather(op.getSegmentEmbedding(),
                                  op.getSegmentIds())};
  for (Value term : terms) {
    if (!type || (term && !isTerm(term, type))) {
      return false;
    }
    sum = term ? b.add(sum, term) : sum;
  }
  Value counts =
      op.getMaskIndex().use_empty() ? Value() : countKept(b, op.getMask());
  if (!isTerm(op.getGamma(), type) || !isTerm(op.getBeta(), type) ||
      !canReplace(op.getEmbeddingSum(), type) ||
      (counts && !canReplace(op.getMaskIndex(), counts.getType()))) {
    return false;
  }
  op.getEmbeddingSum().replaceAllUsesWith(sum);
  if (counts) {
    op.getMaskIndex().replaceAllUsesWith(counts);
  }
  op.getOutput().replaceAllUsesWith(normalize(b, sum, op.getGamma(),
                                              op.getBeta(),
                                              op.getEpsilonAttr(),
                                              b.getName()));
  return true;
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Gelu(x + bias); the bias may be null or absent.
static bool lowerGelu(OperatorBuilder &b, Operation *op, Value x, Value bias,
                      StringRef kind) {
  RankedTensorType type = getTypeLike(op->getResult(0), x);
  bool hasBias = bias && !isAbsent(bias);
  if (!type || (hasBias && !isTerm(bias, type))) {
    return false;
  }
  x = hasBias ? b.add(x, bias) : x;
  op->getResult(0).replaceAllUsesWith(
      GeluOp::create(b.getBuilder(), b.getLoc(), type, x,
                     b.getBuilder().getStringAttr(kind), b.getName(),
                     b.getScope()));
  return true;
}

static bool lower(OperatorBuilder &b, MicrosoftGeluOp op) {
  return lowerGelu(b, op, op.getX(), Value(), "none");
}

static bool lower(OperatorBuilder &b, MicrosoftBiasGeluOp op) {
  return lowerGelu(b, op, op.getA(), op.getB(), "none");
}

static bool lower(OperatorBuilder &b, MicrosoftFastGeluOp op) {
  return lowerGelu(b, op, op.getX(), op.getBias(), "tanh");
}

/// x·sigmoid(alpha·x)
static bool lower(OperatorBuilder &b, MicrosoftQuickGeluOp op) {
  RankedTensorType type = getTypeLike(op.getY(), op.getX());
  if (!type) {
    return false;
  }
  Value scaled = b.mul(
      op.getX(), b.getFloat(static_cast<double>(op.getAlpha()), type));
  Value gate = SigmoidOp::create(b.getBuilder(), b.getLoc(), type, scaled, {},
                                 b.getScope());
  op.getY().replaceAllUsesWith(b.mul(op.getX(), gate));
  return true;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// `x` with its last two axes swapped where `swap` says so; null where it has
/// not two.
static Value swapAxes(OperatorBuilder &b, Value x, bool swap) {
  RankedTensorType type = getFloatTensor(x);
  if (!type || type.getRank() < 2) {
    return {};
  }
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return swap ? b.transpose(x, order) : x;
}

static bool lower(OperatorBuilder &b, MicrosoftFusedMatMulOp op) {
  RankedTensorType type = getFloatTensor(op.getY());
  Value left = swapAxes(b, op.getA(), op.getTransA() != 0);
  Value right = swapAxes(b, op.getB(), op.getTransB() != 0);
  if (!type || !left || !right || op.getTransBatchA() != 0 ||
      op.getTransBatchB() != 0) {
    return false;
  }
  Value product = b.matmul(left, right, type);
  auto alpha = static_cast<double>(op.getAlpha());
  op.getY().replaceAllUsesWith(
      alpha == 1 ? product : b.mul(product, b.getFloat(alpha, type)));
  return true;
}

static bool lower(OperatorBuilder &b, MicrosoftRotaryEmbeddingOp op) {
  return lowerRotaryEmbedding(b, op);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

template <typename... Ops>
static bool lowerOneOf(OperatorBuilder &b, Operation *op) {
  bool isLowered = false;
  auto tryOne = [&](auto typed) {
    if (typed) {
      isLowered = lower(b, typed);
    }
  };
  (tryOne(dyn_cast<Ops>(op)), ...);
  return isLowered;
}

namespace {
class OperatorLowering {
public:
  explicit OperatorLowering(FuncOp function)
      : function(function), initializers(function) {}

  void run();
  /// The opset that what was made needs.
  int64_t getNeededOpset() const { return needed; }

private:
  void lowerAttentions(ArrayRef<Operation *> ops);
  bool lowerOther(Operation *op);
  void finish(ArrayRef<Operation *> lowered);

  FuncOp function;
  InitializerBuilder initializers;
  SmallVector<Operation *> done;
  int64_t needed = 1;
};
} // namespace

/// Attention comes first: what is known of shapes is that of the graph before.
void OperatorLowering::lowerAttentions(ArrayRef<Operation *> ops) {
  if (llvm::none_of(ops, isMicrosoftAttention)) {
    return;
  }
  ExprTable table;
  SymbolicShapes shapes(function, table);
  for (Operation *op : ops) {
    if (!isMicrosoftAttention(op)) {
      continue;
    }
    std::string why;
    OperatorBuilder builder(initializers, op);
    if (lowerAttention(builder, shapes, op, why)) {
      done.push_back(op);
    } else {
      emitAttentionMissed(op, why);
    }
  }
}

bool OperatorLowering::lowerOther(Operation *op) {
  OperatorBuilder builder(initializers, op);
  return lowerOneOf<MicrosoftSkipLayerNormalizationOp,
                    MicrosoftSkipSimplifiedLayerNormalizationOp,
                    MicrosoftEmbedLayerNormalizationOp, MicrosoftGeluOp,
                    MicrosoftBiasGeluOp, MicrosoftFastGeluOp,
                    MicrosoftQuickGeluOp, MicrosoftFusedMatMulOp,
                    MicrosoftRotaryEmbeddingOp>(builder, op);
}

void OperatorLowering::run() {
  SmallVector<Operation *> ops;
  for (Operation &op : function.getBody().front()) {
    auto typed = dyn_cast<OperatorOpInterface>(&op);
    if (typed && typed.getDomain() == "com.microsoft") {
      ops.push_back(&op);
    }
  }
  lowerAttentions(ops);
  for (Operation *op : ops) {
    if (!isMicrosoftAttention(op) && lowerOther(op)) {
      done.push_back(op);
    }
  }
  for (Operation *op : done) {
    op->erase();
  }
  for (Operation &op : function.getBody().front()) {
    auto typed = dyn_cast<OperatorOpInterface>(&op);
    if (!ops.empty() && typed && typed.getDomain().empty()) {
      needed = std::max(needed, onnxir::getNeededOpset(&op));
    }
  }
}

namespace {
struct LowerOperators : qeff::impl::LowerOperatorsPassBase<LowerOperators> {
  void runOnOperation() override {
    FailureOr<FuncOp> function = findMainFunction(getOperation());
    if (failed(function)) {
      return signalPassFailure();
    }
    OperatorLowering lowering(*function);
    lowering.run();
    onnxir::raiseOpset(getOperation(), lowering.getNeededOpset());
  }
};
} // namespace
