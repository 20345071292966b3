// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// rope: rows of cos and sin tables, and a rotation of pairs.

#include "Pattern.h"

#include "qeff/Dialect/QEff/IR/Rope.h"

using namespace qeff;

/// [P, R/2] to [P, R], each column where its channel needs it: twice in a row
/// (half) or doubled in place (interleaved).
static Value duplicateColumns(OpBuilder &builder, Location loc, Value half,
                              RopeStyle style) {
  RankedTensorType type = getTensorType(half);
  int64_t rows = type.getDimSize(0);
  int64_t columns = type.getDimSize(1);
  Type element = type.getElementType();
  auto result = RankedTensorType::get({rows, 2 * columns}, element);
  if (style == RopeStyle::Half) {
    return ConcatOp::create(builder, loc, result, ValueRange{half, half}, 1);
  }
  Value column = ReshapeOp::create(
      builder, loc, RankedTensorType::get({rows, columns, 1}, element), half);
  Value pairs = ConcatOp::create(
      builder, loc, RankedTensorType::get({rows, columns, 2}, element),
      ValueRange{column, column}, 2);
  return ReshapeOp::create(builder, loc, result, pairs);
}

namespace {
struct RopePattern : ONNXIRPattern<RopeOp> {
  using ONNXIRPattern::ONNXIRPattern;

  /// The rows of the cos (`part` 0) or sin (1) table at the positions, as
  /// [B, 1, S, R]. The nodes are the same for every op with the same
  /// parameters.
  Value buildRows(RopeOp op, Value positions, int64_t part,
                  OpBuilder &builder) const {
    NodeBuilder b(builder, op.getLoc(), "rotary_emb");
    int64_t rows = options.ropeRows ? options.ropeRows : op.getMaxPosition();
    int64_t rotary = op.getRotaryDim();
    Type f32 = builder.getF32Type();
    Value table = RopeTableOp::create(
        builder, op.getLoc(), RankedTensorType::get({rows, rotary}, f32),
        op.getThetaAttr(), op.getMaxPositionAttr(), op.getScalingAttr());
    Value half = SliceOp::create(
        builder, op.getLoc(), RankedTensorType::get({rows, rotary / 2}, f32),
        table, ArrayRef<int64_t>{0, part * rotary / 2});
    Value full = duplicateColumns(builder, op.getLoc(), half, op.getStyle());
    Value weight = b.weight(full, options.dtype, part ? "sin" : "cos");
    return b.unsqueeze(b.gather(weight, positions, 0), 1);
  }

  /// The partner of each channel, negated where the rotation subtracts it.
  static Value buildPartners(NodeBuilder &b, Value x, RopeStyle style) {
    RankedTensorType type = getTensorType(x);
    int64_t size = type.getDimSize(3);
    if (style == RopeStyle::Half) {
      Value low = b.slice(x, 3, 0, size / 2);
      Value high = b.slice(x, 3, size / 2, size);
      return b.concat({b.unary("Neg", high), low}, 3);
    }
    Value even = b.slice(x, 3, 0, size, 2);
    Value odd = b.slice(x, 3, 1, size, 2);
    Value pairs = b.concat(
        {b.unsqueeze(b.unary("Neg", odd), 4), b.unsqueeze(even, 4)}, 4);
    return b.reshape(pairs, {0, 0, 0, size}, type.getShape());
  }

  /// cos and sin [B, S, R/2] of position·frequency. The nodes are the same for
  /// every op with the same parameters.
  std::pair<Value, Value> buildAngles(RopeOp op, Value positions,
                                      OpBuilder &builder) const {
    NodeBuilder b(builder, op.getLoc(), "rotary_emb");
    RopeFrequencies frequencies = computeRopeFrequencies(
        op.getTheta().convertToDouble(), op.getRotaryDim(), op.getMaxPosition(),
        op.getScalingAttr(), op.getMaxPosition());
    auto type = RankedTensorType::get(
        {static_cast<int64_t>(frequencies.inverse.size())},
        builder.getF32Type());
    auto values = DenseElementsAttr::get(type, ArrayRef(frequencies.inverse));
    Value inverse = b.initializer(
        ("rotary_emb.inv_freq." + Twine(mlir::hash_value(values))).str(),
        values);
    Value angles = b.binary(
        "Mul", b.cast(b.unsqueeze(positions, 2), builder.getF32Type()),
        inverse);
    auto get = [&](StringRef opType) {
      Value value = b.unary(opType, angles);
      if (frequencies.attentionFactor != 1.0f) {
        value = b.binary("Mul", value,
                         b.scalar(frequencies.attentionFactor,
                                  builder.getF32Type()));
      }
      return b.cast(value, options.dtype);
    };
    return {get("Cos"), get("Sin")};
  }

  /// RotaryEmbedding of opset 23.
  Value buildStandard(RopeOp op, OpAdaptor adaptor, OpBuilder &builder) const {
    auto [cos, sin] = buildAngles(op, adaptor.getPositions(), builder);
    NodeBuilder b = getBuilder(op, builder);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    RankedTensorType type = getTensorType(x);
    SmallVector<NamedAttribute> attributes = {
        b.attr("interleaved",
               static_cast<int64_t>(op.getStyle() != RopeStyle::Half))};
    if (static_cast<int64_t>(op.getRotaryDim()) != type.getDimSize(3)) {
      attributes.push_back(b.attr("rotary_embedding_dim",
                                  static_cast<int64_t>(op.getRotaryDim())));
    }
    return b.node("RotaryEmbedding", {x, cos, sin}, type.getElementType(),
                  type.getShape(), attributes);
  }

  LogicalResult
  matchAndRewrite(RopeOp op, OpAdaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    if (op.getMaxPosition() < 1) {
      return reject(rewriter, op,
                    "max_position is not positive");
    }
    if (options.standard) {
      rewriter.replaceOp(op, buildStandard(op, adaptor, rewriter));
      return success();
    }
    Value cos = buildRows(op, adaptor.getPositions(), 0, rewriter);
    Value sin = buildRows(op, adaptor.getPositions(), 1, rewriter);
    NodeBuilder b = getBuilder(op, rewriter);
    Value x = getActivation(b, op.getInput(), adaptor.getInput(), "input");
    int64_t size = getTensorType(x).getDimSize(3);
    int64_t rotary = op.getRotaryDim();
    Value part = rotary == size ? x : b.slice(x, 3, 0, rotary);
    Value partners = buildPartners(b, part, op.getStyle());
    Value result = b.binary("Add", b.binary("Mul", part, cos),
                            b.binary("Mul", partners, sin));
    if (rotary != size) {
      result = b.concat({result, b.slice(x, 3, rotary, size)}, 3);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};
} // namespace

void qeff::populateQEffRopeToONNXIRPatterns(
    RewritePatternSet &patterns, const ONNXIRConversionOptions &options) {
  patterns.add<RopePattern>(patterns.getContext(), options);
}
