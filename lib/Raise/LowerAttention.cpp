// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GroupQueryAttention, MultiHeadAttention and Attention of com.microsoft: what
// they project, add, rotate and hide is spelled out around ONNX's Attention,
// whose operands are [B, S, H·D].

#include "LowerAttention.h"

#include "qeff/Analysis/SymbolicShapes.h"

#include <limits>

using namespace qeff;
using namespace qeff::onnxir;

namespace {
class AttentionLowering {
public:
  AttentionLowering(OperatorBuilder &builder, SymbolicShapes &shapes,
                    Operation *op, std::string &why)
      : b(builder), shapes(shapes), op(op), why(why) {}

  bool lower(MicrosoftGroupQueryAttentionOp gqa);
  bool lower(MicrosoftMultiHeadAttentionOp mha);
  bool lower(MicrosoftAttentionOp attention);

private:
  bool fail(const Twine &reason) {
    why = reason.str();
    return false;
  }
  bool checkPlain(ArrayRef<Value> absent, int64_t count);
  bool readPacked(Value packed, int64_t size);
  bool readGroups(MicrosoftGroupQueryAttentionOp gqa);
  bool readProjections(MicrosoftMultiHeadAttentionOp mha);
  bool project(MicrosoftAttentionOp attention);
  bool addBias(Value bias);
  bool rotate(MicrosoftGroupQueryAttentionOp gqa);
  Value getPositions(Value given);
  void hide(Value visible);
  void hideOutside(int64_t window);
  bool hidePadding(Value mask);
  bool isBatch(Expr size);
  bool addScores(Value bias);
  bool finish(FloatAttr scale, float softcap);

  OperatorBuilder &b;
  SymbolicShapes &shapes;
  Operation *op;
  std::string &why;
  Value q, k, v; ///< [B, S, H·D], [B, T, G·D], [B, T, G·D]
  int64_t heads = 0, groups = 0;
  bool isCausal = false;
  Value visible; ///< of four axes, or of the last ones of them
  Value scores;  ///< what is added
};
} // namespace

static constexpr int64_t kDynamic = ShapedType::kDynamic;

/// The size of the last axis of a tensor of floats of `rank` axes, or 0.
static int64_t getWidth(Value value, int64_t rank) {
  RankedTensorType type = getFloatTensor(value);
  return type && type.getRank() == rank && !type.isDynamicDim(rank - 1)
             ? type.getShape().back()
             : 0;
}

/// `x` [B, S, H, D] as [B, S, H·D].
static Value joinHeads(OperatorBuilder &b, Value x) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(x.getType()).getShape();
  int64_t width = shape[2] * shape[3];
  return b.reshape(x, {0, 0, width}, {shape[0], shape[1], width});
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// What is `absent` must be, and only the first result be used.
bool AttentionLowering::checkPlain(ArrayRef<Value> absent, int64_t count) {
  constexpr int64_t kMaxHeads = 1 << 16;
  if (count < 1 || count > kMaxHeads) {
    return fail("the number of heads is not known");
  }
  if (!llvm::all_of(absent, isAbsent)) {
    return fail("the operator has a cache, a sink or a format of its own");
  }
  for (Value result : op->getResults().drop_front()) {
    if (!result.use_empty()) {
      return fail("further results of the operator are used");
    }
  }
  RankedTensorType type = getFloatTensor(op->getResult(0));
  return (type && type.getRank() == 3) ||
         fail("the operator's result is not known to be [B, S, H*D]");
}

/// Queries, keys and values that are parts of `packed`, heads of `size`.
bool AttentionLowering::readPacked(Value packed, int64_t size) {
  SmallVector<Value> parts =
      b.split(packed, {heads * size, groups * size, groups * size});
  q = parts[0];
  k = parts[1];
  v = parts[2];
  return true;
}

bool AttentionLowering::readGroups(MicrosoftGroupQueryAttentionOp gqa) {
  constexpr int64_t kMaxHeads = 1 << 16;
  heads = gqa.getNumHeads();
  groups = gqa.getKvNumHeads();
  if (groups < 1 || groups > kMaxHeads || heads % groups != 0) {
    return fail("the number of heads is not known");
  }
  int64_t width = getWidth(gqa.getQuery(), 3);
  bool isPacked = isAbsent(gqa.getKey()) && isAbsent(gqa.getValue());
  int64_t parts = isPacked ? heads + 2 * groups : heads;
  if (width < 1 || width % parts != 0) {
    return fail("the size of a head is not known");
  }
  int64_t size = width / parts;
  if (isPacked) {
    return readPacked(gqa.getQuery(), size);
  }
  q = gqa.getQuery();
  k = gqa.getKey();
  v = gqa.getValue();
  return (getWidth(k, 3) == groups * size && getWidth(v, 3) == groups * size) ||
         fail("keys or values are not [B, S, G*D]");
}

/// Queries, keys and values [B, S, H·D] from what MultiHeadAttention takes.
bool AttentionLowering::readProjections(MicrosoftMultiHeadAttentionOp mha) {
  q = mha.getQuery();
  k = mha.getKey();
  v = mha.getValue();
  auto isPart = [&](Value value, int64_t parts) {
    RankedTensorType type = getFloatTensor(value);
    return type && type.getRank() == 5 && type.getDimSize(2) == heads &&
           type.getDimSize(3) == parts && getWidth(value, 5) > 0;
  };
  auto take = [&](Value from, int64_t i) {
    return joinHeads(b, b.pick(from, 3, i));
  };
  auto isHeads = [&](Value value) {
    return getWidth(value, 4) > 0 &&
           getFloatTensor(value).getDimSize(1) == heads;
  };
  if (isPart(q, 3) && isAbsent(k) && isAbsent(v)) {
    Value packed = q;
    q = take(packed, 0);
    k = take(packed, 1);
    v = take(packed, 2);
  } else if (isPart(k, 2) && isAbsent(v)) {
    Value packed = k;
    k = take(packed, 0);
    v = take(packed, 1);
  } else if (isHeads(k) && isHeads(v) && isAbsent(mha.getBias())) {
    k = joinHeads(b, b.transpose(k, {0, 2, 1, 3}));
    v = joinHeads(b, b.transpose(v, {0, 2, 1, 3}));
  }
  bool fits = getWidth(q, 3) > 0 && getWidth(q, 3) % heads == 0 &&
              getWidth(k, 3) == getWidth(q, 3) && getWidth(v, 3) > 0 &&
              getWidth(v, 3) % heads == 0;
  return fits || fail("the size of a head is not known");
}

bool AttentionLowering::addBias(Value bias) {
  if (isAbsent(bias)) {
    return true;
  }
  int64_t sizes[] = {getWidth(q, 3), getWidth(k, 3), getWidth(v, 3)};
  if (getWidth(bias, 1) != sizes[0] + sizes[1] + sizes[2]) {
    return fail("the bias does not fit the heads");
  }
  SmallVector<Value> parts = b.split(bias, sizes);
  q = b.add(q, parts[0]);
  k = b.add(k, parts[1]);
  v = b.add(v, parts[2]);
  return true;
}

/// The product with the packed weights of Attention, and its bias.
bool AttentionLowering::project(MicrosoftAttentionOp attention) {
  Value x = attention.getInput();
  Value bias = attention.getBias();
  int64_t width = getWidth(attention.getWeights(), 2);
  RankedTensorType type = getFloatTensor(x);
  SmallVector<int64_t> sizes(3, width / 3);
  if (std::optional<ArrayRef<int64_t>> given =
          attention.getQkvHiddenSizes()) {
    sizes = llvm::to_vector(*given);
  }
  bool fits = sizes.size() == 3 && type && type.getRank() == 3 &&
              (isAbsent(bias) || getWidth(bias, 1) == width);
  int64_t rest = width;
  for (int64_t size : sizes) {
    fits &= size > 0 && size <= rest && size % heads == 0;
    rest -= fits ? size : 0;
  }
  if (!fits || rest != 0 || sizes[0] != sizes[1]) {
    return fail("the sizes of the projections are not known");
  }
  Value product = b.matmul(
      x, attention.getWeights(),
      type.clone({type.getDimSize(0), type.getDimSize(1), width}));
  SmallVector<Value> parts =
      b.split(isAbsent(bias) ? product : b.add(product, bias), sizes);
  q = parts[0];
  k = parts[1];
  v = parts[2];
  return true;
}

//===----------------------------------------------------------------------===//
// Rotation
//===----------------------------------------------------------------------===//

/// Whether `value` is a table [positions, angles] of floats.
static bool isWaves(Value value) { return getWidth(value, 2) > 0; }

/// `given` [B, S], or the index in the row.
Value AttentionLowering::getPositions(Value given) {
  Type integer = b.getBuilder().getI64Type();
  if (!isAbsent(given)) {
    auto type = dyn_cast<RankedTensorType>(given.getType());
    bool fits = type && type.getRank() == 2 &&
                isa<IntegerType>(type.getElementType());
    return fits ? b.cast(given, integer) : Value();
  }
  return b.expand(b.unsqueeze(b.count(q, 1), {0}), b.shape(q, 0, 2),
                  {kDynamic, kDynamic});
}

/// RotaryEmbedding of heads in `x` [B, S, H·D] or [B, H, S, D].
static Value rotateHeads(OperatorBuilder &b, Value x, Value positions,
                         Value cosines, Value sines, int64_t heads,
                         int64_t size, bool isInterleaved) {
  OpBuilder &builder = b.getBuilder();
  int64_t rotary = 2 * getWidth(cosines, 2);
  return RotaryEmbeddingOp::create(
      builder, b.getLoc(), x.getType(), x, cosines, sines, positions,
      builder.getI64IntegerAttr(isInterleaved ? 1 : 0),
      builder.getI64IntegerAttr(heads),
      builder.getI64IntegerAttr(rotary == size ? 0 : rotary), {},
      b.getScope());
}

bool AttentionLowering::rotate(MicrosoftGroupQueryAttentionOp gqa) {
  if (gqa.getDoRotary().value_or(0) == 0) {
    return true;
  }
  Value cosines = gqa.getCosCache(), sines = gqa.getSinCache();
  int64_t size = getWidth(q, 3) / heads;
  if (!isWaves(cosines) || cosines.getType() != sines.getType() ||
      getWidth(cosines, 2) > size / 2) {
    return fail("the tables of cosines and sines are not known");
  }
  Value positions = getPositions(gqa.getPositionIds());
  if (!positions) {
    return fail("positions are not [batch, length] integers");
  }
  bool isInterleaved = gqa.getRotaryInterleaved().value_or(0) != 0;
  q = rotateHeads(b, q, positions, cosines, sines, heads, size,
                  isInterleaved);
  k = rotateHeads(b, k, positions, cosines, sines, groups, size,
                  isInterleaved);
  return true;
}

bool qeff::lowerRotaryEmbedding(OperatorBuilder &b,
                                MicrosoftRotaryEmbeddingOp op) {
  Value x = op.getInput(), positions = op.getPositionIds();
  Value cosines = op.getCosCache(), sines = op.getSinCache();
  RankedTensorType type = getFloatTensor(x);
  auto positionType = dyn_cast<RankedTensorType>(positions.getType());
  bool isFlat = type && type.getRank() == 3;
  int64_t width = isFlat ? getWidth(x, 3) : getWidth(x, 4);
  bool fits = width > 0 && op.getOutput().getType() == type && positionType &&
              positionType.getRank() == 2 &&
              positionType.getElementType().isInteger(64) &&
              isWaves(cosines) && cosines.getType() == sines.getType() &&
              op.getIsPackedBatching().value_or(0) == 0 &&
              op.getScale().value_or(1) == 1;
  if (!fits) {
    return false;
  }
  // Without a number of heads, all of a head is rotated.
  int64_t heads = op.getNumHeads().value_or(0);
  if (isFlat && heads == 0) {
    heads = width / (2 * getWidth(cosines, 2));
  }
  int64_t size = !isFlat ? width : heads > 0 ? width / heads : 0;
  if (size < 2 * getWidth(cosines, 2) || (isFlat && size * heads != width)) {
    return false;
  }
  Value rotated =
      rotateHeads(b, x, positions, cosines, sines, isFlat ? heads : 0, size,
                  op.getInterleaved().value_or(0) != 0);
  op.getOutput().replaceAllUsesWith(rotated);
  return true;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// Keys are seen where `mask` is true too; its axes are the last ones of four.
void AttentionLowering::hide(Value mask) {
  visible = visible ? b.logicalAnd(visible, mask,
                                   {kDynamic, kDynamic, kDynamic, kDynamic})
                    : mask;
}

/// Key j is seen by query i where i < j + window.
void AttentionLowering::hideOutside(int64_t window) {
  Value queries = b.unsqueeze(b.count(q, 1), {1});
  Value keys = b.unsqueeze(b.count(k, 1), {0});
  hide(b.less(queries, b.add(keys, b.getInteger(window)),
              {kDynamic, kDynamic}));
}

/// Whether `size` is the number of rows.
bool AttentionLowering::isBatch(Expr size) {
  std::optional<ArrayRef<Expr>> shape = shapes.getShape(op->getOperand(0));
  return size && shape && !shape->empty() && (*shape)[0] == size;
}

/// Hides keys by `mask`: [B] how many of them come first, [B, T], [B, S, T].
bool AttentionLowering::hidePadding(Value mask) {
  if (isAbsent(mask)) {
    return true;
  }
  auto type = dyn_cast<RankedTensorType>(mask.getType());
  Type element = type ? type.getElementType() : Type();
  if (!type || !isa<IntegerType>(element) || type.getRank() < 1 ||
      type.getRank() > 3) {
    return fail("a mask of padding is not [B], [B, T] or [B, S, T] integers");
  }
  OpBuilder &builder = b.getBuilder();
  if (type.getRank() == 1) {
    std::optional<ArrayRef<Expr>> shape = shapes.getShape(mask);
    if (!shape || !isBatch((*shape)[0])) {
      return fail("a mask of padding is not one length for each row");
    }
    Value lengths =
        b.unsqueeze(b.cast(mask, builder.getI64Type()), {1, 2, 3});
    hide(b.less(b.count(k, 1), lengths, {kDynamic, 1, 1, kDynamic}));
    return true;
  }
  Value truth = b.cast(mask, builder.getI1Type());
  hide(type.getRank() == 2 ? b.unsqueeze(truth, {1, 2})
                           : b.unsqueeze(truth, {1}));
  return true;
}

/// Adds `bias`, of four axes, to the scores.
bool AttentionLowering::addScores(Value bias) {
  if (isAbsent(bias)) {
    return true;
  }
  RankedTensorType type = getFloatTensor(bias);
  if (!type || type.getRank() > 4 || type.getRank() < 2) {
    return fail("what is added to the scores is no tensor of four axes");
  }
  scores = bias;
  return true;
}

//===----------------------------------------------------------------------===//
// The operators
//===----------------------------------------------------------------------===//

bool AttentionLowering::finish(FloatAttr scale, float softcap) {
  OpBuilder &builder = b.getBuilder();
  Value mask = visible ? visible : b.getNone();
  if (scores) {
    mask = scores;
    auto type = cast<RankedTensorType>(scores.getType());
    SmallVector<int64_t> all(4, kDynamic);
    if (visible) {
      mask = WhereOp::create(
          builder, b.getLoc(), type.clone(all), visible, scores,
          b.getFloat(-std::numeric_limits<double>::infinity(), type), {},
          b.getScope());
    }
  }
  // 0 means the default.
  bool hasScale = scale && !scale.getValue().isZero();
  Type none = builder.getNoneType();
  Value absent = b.getNone();
  auto attention = AttentionOp::create(
      builder, b.getLoc(), op->getResult(0).getType(), none, none, none, q, k,
      v, mask, absent, absent, absent,
      builder.getI64IntegerAttr(isCausal ? 1 : 0),
      builder.getI64IntegerAttr(groups), builder.getI64IntegerAttr(heads),
      builder.getI64IntegerAttr(0), hasScale ? scale : FloatAttr(),
      builder.getF32FloatAttr(softcap), IntegerAttr(),
      b.getName(), b.getScope());
  op->getResult(0).replaceAllUsesWith(attention.getY());
  return true;
}

bool AttentionLowering::lower(MicrosoftGroupQueryAttentionOp gqa) {
  Value absent[] = {gqa.getPastKey(),     gqa.getPastValue(),
                    gqa.getHeadSink(),    gqa.getKScale(),
                    gqa.getVScale(),      gqa.getQNormWeight(),
                    gqa.getKNormWeight(), gqa.getQuerySeqlens()};
  if (!checkPlain(absent, gqa.getNumHeads())) {
    return false;
  }
  if (gqa.getSmoothSoftmax() > 0 || gqa.getQkOutput() != 0 ||
      gqa.getKQuantType() != "NONE" || gqa.getVQuantType() != "NONE") {
    return fail("the operator has a sink or a format of its own");
  }
  if (!readGroups(gqa) || !rotate(gqa) ||
      !addScores(gqa.getAttentionBias())) {
    return false;
  }
  isCausal = gqa.getCausal() != 0;
  if (gqa.getLocalWindowSize() > 0) {
    hideOutside(gqa.getLocalWindowSize());
  }
  return finish(gqa.getScaleAttr(), gqa.getSoftcap().value_or(0));
}

bool AttentionLowering::lower(MicrosoftMultiHeadAttentionOp mha) {
  heads = groups = mha.getNumHeads();
  Value absent[] = {mha.getPastKey(), mha.getPastValue(),
                    mha.getPastSequenceLength(), mha.getCacheIndirection()};
  if (!checkPlain(absent, heads) || !readProjections(mha) ||
      !addBias(mha.getBias()) || !hidePadding(mha.getKeyPaddingMask()) ||
      !addScores(mha.getAttentionBias())) {
    return false;
  }
  isCausal = mha.getUnidirectional() != 0;
  if (isCausal && !isAbsent(mha.getKey())) {
    std::optional<ArrayRef<Expr>> rows = shapes.getShape(mha.getQuery());
    std::optional<ArrayRef<Expr>> keys = shapes.getShape(mha.getKey());
    bool isSquare = rows && keys && rows->size() == 3 && keys->size() == 3 &&
                    (*rows)[1] && (*rows)[1] == (*keys)[1];
    if (!isSquare) {
      return fail("queries and keys are not of the same positions");
    }
  }
  return finish(mha.getScaleAttr(), 0);
}

bool AttentionLowering::lower(MicrosoftAttentionOp attention) {
  heads = groups = attention.getNumHeads();
  Value absent[] = {attention.getPast(), attention.getPastSequenceLength()};
  if (!checkPlain(absent, heads)) {
    return false;
  }
  if (attention.getDoRotary().value_or(0) != 0) {
    return fail("the operator rotates by itself");
  }
  isCausal = attention.getUnidirectional() != 0;
  return project(attention) && hidePadding(attention.getMaskIndex()) &&
         addScores(attention.getAttentionBias()) &&
         finish(attention.getScaleAttr(), 0);
}

bool qeff::isMicrosoftAttention(Operation *op) {
  return isa<MicrosoftGroupQueryAttentionOp, MicrosoftMultiHeadAttentionOp,
             MicrosoftAttentionOp>(op);
}

bool qeff::lowerAttention(OperatorBuilder &builder, SymbolicShapes &shapes,
                          Operation *op, std::string &why) {
  AttentionLowering lowering(builder, shapes, op, why);
  if (auto gqa = dyn_cast<MicrosoftGroupQueryAttentionOp>(op)) {
    return lowering.lower(gqa);
  }
  if (auto mha = dyn_cast<MicrosoftMultiHeadAttentionOp>(op)) {
    return lowering.lower(mha);
  }
  return lowering.lower(cast<MicrosoftAttentionOp>(op));
}
