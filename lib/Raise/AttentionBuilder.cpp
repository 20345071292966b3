// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention as ops: projections of the channels that heads read, rotation,
// attention, merged heads.

#include "AttentionBuilder.h"
#include "ColumnSelection.h"
#include "Positions.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

using namespace qeff;
using mlir::func::FuncOp;

//===----------------------------------------------------------------------===//
// What the parts say together
//===----------------------------------------------------------------------===//

std::optional<AttentionMatch> qeff::finishMatch(AttentionMatch match,
                                                std::string &why) {
  int64_t keyRepeat = 1, valueRepeat = 1;
  foldRepeatedHeads(match.keys, keyRepeat);
  foldRepeatedHeads(match.values, valueRepeat);
  // Heads that read the same values may have keys of their own; the groups are
  // then as many as the finer of the two.
  if (keyRepeat != valueRepeat) {
    why = "keys and values have different numbers of heads";
    return std::nullopt;
  }
  match.repeat = keyRepeat;
  if (match.values.rotation || match.values.factor != 1) {
    why = "values are rotated or scaled";
    return std::nullopt;
  }
  if (match.queries.rotation.has_value() != match.keys.rotation.has_value()) {
    why = "queries and keys are not both rotated";
    return std::nullopt;
  }
  match.scores.scale *= match.queries.factor * match.keys.factor;
  if (match.queries.rotation &&
      match.queries.rotation->positions != match.keys.rotation->positions) {
    why = "queries and keys are rotated by different positions";
    return std::nullopt;
  }
  return match;
}

/// The base whose powers are the frequencies, θ^(−2i/size), or nothing.
static std::optional<double> findTheta(ArrayRef<double> frequencies) {
  constexpr double kTolerance = 1e-6;
  size_t pairs = frequencies.size();
  if (std::abs(frequencies[0] - 1) > kTolerance) {
    return std::nullopt;
  }
  if (pairs == 1) {
    return 1e4;
  }
  // The smallest frequency has the most digits of the base.
  double power = static_cast<double>(pairs - 1) / static_cast<double>(pairs);
  double theta = std::pow(frequencies.back(), -1 / power);
  double digits = std::pow(10, std::floor(std::log10(theta)) - 5);
  theta = std::round(theta / digits) * digits;
  for (auto [i, frequency] : llvm::enumerate(frequencies)) {
    double expected = std::pow(
        theta, -static_cast<double>(i) / static_cast<double>(pairs));
    if (std::abs(frequency - expected) > kTolerance * expected) {
      return std::nullopt;
    }
  }
  return theta;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

namespace {
class AttentionBuilder {
public:
  AttentionBuilder(Elements &elements, FuncOp function, Operation *product,
                   const AttentionMatch &match, std::string &why)
      : elements(elements), function(function), product(product),
        match(match), why(why), builder(product),
        scope(product->getAttrOfType<StringAttr>("scope")) {}

  LogicalResult build();

private:
  LogicalResult fail(const Twine &reason) {
    why = reason.str();
    return failure();
  }
  Value buildHeads(const Heads &heads);
  Value buildNormedHeads(const Heads &heads);
  Value rotate(Value x, const Rotation &rotation);
  Value buildSlopes();
  Value mergeHeads(Value attention);
  void replaceMergedHeads(Value attention);

  Elements &elements;
  FuncOp function;
  Operation *product;
  const AttentionMatch &match;
  std::string &why;
  OpBuilder builder;
  StringAttr scope;
  Value positions;
};
} // namespace

static RankedTensorType getHeadsType(Value like, int64_t count, int64_t size) {
  auto element = cast<ShapedType>(like.getType()).getElementType();
  return RankedTensorType::get(
      {ShapedType::kDynamic, count, ShapedType::kDynamic, size}, element);
}

/// Heads behind a normalization of each head's channels.
Value AttentionBuilder::buildNormedHeads(const Heads &heads) {
  Operation *norm = heads.source.getDefiningOp();
  if (!isa_and_present<RMSNormOp, LayerNormOp>(norm)) {
    why = "heads come from a tensor of heads that is no normalization";
    return {};
  }
  for (auto [i, column] : llvm::enumerate(heads.columns)) {
    if (column % heads.size != static_cast<int64_t>(i) % heads.size) {
      why = "a normalization's channels are reordered";
      return {};
    }
  }
  ExprTable &table = elements.getTable();
  Expr row = table.index(0, {}), position = table.index(1, {});
  std::optional<Heads> inner = matchHeads(
      elements, heads.count, heads.size, row, position,
      [&](int64_t head, int64_t d) {
        int64_t from = heads.columns[head * heads.size] / heads.size;
        SmallVector<Expr> index{row, position, table.integer(from),
                                table.integer(d)};
        if (heads.headAxis == 1) {
          std::swap(index[1], index[2]);
        } else if (heads.flatHeads > 0) {
          Expr flat = table.add(
              table.mul(position, table.integer(heads.flatHeads)), index[2]);
          index = {row, flat, index[3]};
        }
        return elements.get(norm->getOperand(0), index);
      },
      why);
  if (!inner || inner->rotation || inner->factor != 1) {
    why = "heads before a normalization: " + why;
    return {};
  }
  Value x = buildHeads(*inner);
  if (!x) {
    return {};
  }
  Operation *copy = builder.clone(*norm);
  copy->setOperand(0, x);
  copy->getResult(0).setType(x.getType());
  return copy->getResult(0);
}

Value AttentionBuilder::buildHeads(const Heads &heads) {
  if (heads.headAxis != 0) {
    return buildNormedHeads(heads);
  }
  Value selected = selectColumns(builder, heads.source, heads.columns, why);
  if (!selected) {
    return {};
  }
  return SplitHeadsOp::create(
      builder, product->getLoc(),
      getHeadsType(selected, heads.count, heads.size), selected, scope);
}

/// The frequencies as a base with powers where they are that, else themselves.
static RopeScalingAttr getScaling(OpBuilder &builder,
                                  const Rotation &rotation) {
  NamedAttribute params[] = {
      builder.getNamedAttr("attention_factor",
                           builder.getF64FloatAttr(rotation.factor)),
      builder.getNamedAttr("inv_freq", builder.getDenseF64ArrayAttr(
                                           rotation.frequencies))};
  return RopeScalingAttr::get(builder.getContext(), RopeScalingKind::Explicit,
                              builder.getDictionaryAttr(params));
}

Value AttentionBuilder::rotate(Value x, const Rotation &rotation) {
  // A graph does not say how far its positions go.
  constexpr int64_t kMaxPosition = 1 << 20;
  std::optional<double> theta = findTheta(rotation.frequencies);
  RopeScalingAttr scaling;
  if (!theta || rotation.factor != 1) {
    theta = 1e4;
    scaling = getScaling(builder, rotation);
  }
  return RopeOp::create(
      builder, product->getLoc(), x.getType(), x, positions,
      RopeStyleAttr::get(builder.getContext(), rotation.style),
      builder.getI64IntegerAttr(
          2 * static_cast<int64_t>(rotation.frequencies.size())),
      builder.getF64FloatAttr(*theta),
      builder.getI64IntegerAttr(kMaxPosition), scaling, scope);
}

Value AttentionBuilder::buildSlopes() {
  ArrayRef<double> slopes = match.scores.slopes;
  if (slopes.empty()) {
    return {};
  }
  SmallVector<float> values;
  for (double slope : slopes) {
    values.push_back(static_cast<float>(slope));
  }
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getF32Type());
  return mlir::arith::ConstantOp::create(builder, product->getLoc(),
                                         DenseElementsAttr::get(
                                             type, ArrayRef<float>(values)));
}

Value AttentionBuilder::mergeHeads(Value attention) {
  auto from = cast<RankedTensorType>(attention.getType());
  auto type = RankedTensorType::get({ShapedType::kDynamic,
                                     ShapedType::kDynamic,
                                     from.getDimSize(1) * from.getDimSize(3)},
                                    from.getElementType());
  return MergeHeadsOp::create(builder, product->getLoc(), type, attention,
                              scope);
}

/// Replaces what orders the result as [B, S, H·D], however it does that.
void AttentionBuilder::replaceMergedHeads(Value attention) {
  ExprTable &table = elements.getTable();
  Value old = product->getResult(0);
  const Heads &values = match.values;
  int64_t heads = match.queries.count;
  Expr row = table.index(0, {}), position = table.index(1, {});
  auto isMerged = [&](Value value) {
    auto shape = elements.getShape(value);
    if (!shape || shape->size() != 3 || !shape->back() ||
        shape->back().getInteger() != heads * values.size) {
      return false;
    }
    for (int64_t c = 0; c < heads * values.size; ++c) {
      Expr element = elements.get(value, {row, position, table.integer(c)});
      Expr expected =
          table.load(old, {row, table.integer(c / values.size), position,
                           table.integer(c % values.size)});
      if (element != expected) {
        return false;
      }
    }
    return true;
  };
  // Reordering takes a few ops.
  constexpr size_t kMaxOps = 32;
  SmallVector<Value> pending{old}, merged;
  for (size_t i = 0; i < pending.size() && i < kMaxOps; ++i) {
    for (Operation *user : pending[i].getUsers()) {
      if (user->getNumResults() != 1 || !getElementFn(user)) {
        continue;
      }
      (isMerged(user->getResult(0)) ? merged : pending)
          .push_back(user->getResult(0));
    }
  }
  for (Value value : merged) {
    value.replaceAllUsesWith(mergeHeads(attention));
  }
}

LogicalResult AttentionBuilder::build() {
  const Scores &scores = match.scores;
  if (scores.window && !scores.causal) {
    return fail("a window looks ahead");
  }
  std::optional<Rotation> rotation = match.queries.rotation;
  positions = getPositions(function, rotation ? rotation->positions : Value());
  if (!positions) {
    return fail("positions are no input of [batch, length] integers");
  }
  Value q = buildHeads(match.queries);
  Value k = q ? buildHeads(match.keys) : Value();
  Value v = k ? buildHeads(match.values) : Value();
  if (!v) {
    return failure();
  }
  if (rotation) {
    q = rotate(q, *rotation);
    k = q ? rotate(k, *match.keys.rotation) : Value();
    if (!k) {
      return failure();
    }
  }
  // A decoder's padding comes last, behind every token that could see it.
  Value keyPositions = positions;
  if (!scores.causal && scores.padding) {
    if (scores.padding.getType() != positions.getType()) {
      return fail("padding is no input of [batch, length] integers");
    }
    keyPositions = MaskPositionsOp::create(
        builder, product->getLoc(), positions.getType(), scores.padding,
        scope);
  }
  Value attention = AttentionOp::create(
      builder, product->getLoc(),
      getHeadsType(v, match.queries.count, match.values.size), q, k, v,
      positions, keyPositions, buildSlopes(), /*sinks=*/Value(),
      /*bias=*/Value(), builder.getF64FloatAttr(scores.scale),
      scores.causal ? builder.getUnitAttr() : UnitAttr(),
      scores.window ? builder.getI64IntegerAttr(*scores.window)
                    : IntegerAttr(),
      scores.softcap ? builder.getF64FloatAttr(*scores.softcap) : FloatAttr(),
      scope);
  auto resultType = dyn_cast<ShapedType>(product->getResult(0).getType());
  if (resultType && resultType.getRank() == 3) {
    product->getResult(0).replaceAllUsesWith(mergeHeads(attention));
    return success();
  }
  replaceMergedHeads(attention);
  product->getResult(0).replaceAllUsesWith(attention);
  return success();
}

LogicalResult qeff::buildAttention(Elements &elements, FuncOp function,
                                   Operation *product,
                                   const AttentionMatch &match,
                                   std::string &why) {
  return AttentionBuilder(elements, function, product, match, why).build();
}
