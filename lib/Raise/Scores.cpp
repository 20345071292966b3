// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Masks, soft-caps and slopes by what a score is. A score is taken apart into
// when its key is visible and what it is then. Inputs play roles: a row is one
// sequence, so positions are the index; padding is 0 or 1. An input is padding
// if every key is hidden where it is 0.

#include "Scores.h"

#include "mlir/IR/TypeUtilities.h"

using namespace qeff;

namespace {
/// What is at most this hides a key.
constexpr double kHidden = -1e4;

/// A score: its value where `visible` holds.
struct Masked {
  Expr visible;
  Expr value;
};

class ScoreMatcher {
public:
  ScoreMatcher(Elements &elements, const ScoreIndices &indices,
               std::string &why)
      : elements(elements), table(elements.getTable()), indices(indices),
        why(why) {}

  std::optional<Scores> run(ScoreFn getScore);

private:
  bool fail(const Twine &reason) {
    why = reason.str();
    return false;
  }
  bool isHidden(Expr value);
  Masked split(Expr score);
  Masked splitOnce(Expr score);
  void findPadding(ScoreFn getScore);
  bool checkPadding(ScoreFn getScore);
  void assumeInputs(std::optional<int64_t> padding);
  bool matchVisible(Expr visible);
  bool matchCondition(Expr condition);
  bool matchValue(Expr value, int64_t head);
  bool matchProduct(Expr value);
  bool matchSlope(Expr value, double &slope);

  Elements &elements;
  ExprTable &table;
  const ScoreIndices &indices;
  std::string &why;
  Scores scores;
  llvm::DenseMap<Expr, bool> hidden;
  llvm::DenseMap<Expr, Masked> masked;
};
} // namespace

//===----------------------------------------------------------------------===//
// Taking a score apart
//===----------------------------------------------------------------------===//

bool ScoreMatcher::isHidden(Expr value) {
  if (std::optional<double> number = value.getFloat()) {
    return *number <= kHidden;
  }
  auto known = hidden.find(value);
  if (known != hidden.end()) {
    return known->second;
  }
  auto check = [&](Expr part) { return isHidden(part); };
  // A finite score does not show beside what hides it.
  bool result = value.is(ExprKind::Select)
                    ? llvm::all_of(value.getOperands().drop_front(), check)
                    : value.is(ExprKind::Add) &&
                          llvm::any_of(value.getOperands(), check);
  return hidden[value] = result;
}

Masked ScoreMatcher::split(Expr score) {
  auto known = masked.find(score);
  if (known != masked.end()) {
    return known->second;
  }
  Masked result = splitOnce(score);
  return masked[score] = result;
}

Masked ScoreMatcher::splitOnce(Expr score) {
  if (isHidden(score)) {
    return {table.truth(false), score};
  }
  if (score.is(ExprKind::Select)) {
    Expr condition = score.getOperand(0);
    Masked a = split(score.getOperand(1)), b = split(score.getOperand(2));
    Expr visible =
        table.logicalOr(table.logicalAnd(condition, a.visible),
                        table.logicalAnd(table.logicalNot(condition),
                                         b.visible));
    Expr value = a.visible.isFalse()   ? b.value
                 : b.visible.isFalse() ? a.value
                                       : table.select(condition, a.value,
                                                      b.value);
    return {visible, value};
  }
  if (!score.is(ExprKind::Add)) {
    return {table.truth(true), score};
  }
  Masked result{table.truth(true), table.number(0)};
  for (Expr part : score.getOperands()) {
    Masked next = split(part);
    result.visible = table.logicalAnd(result.visible, next.visible);
    result.value = table.add(result.value, next.value);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Roles of inputs
//===----------------------------------------------------------------------===//

/// Inputs become their column's number, padding a constant or what it is.
void ScoreMatcher::assumeInputs(std::optional<int64_t> padding) {
  for (Value input : indices.inputs) {
    bool isPadding = input == scores.padding;
    if (isPadding && !padding) {
      elements.assume(input, {});
      continue;
    }
    Type type = mlir::getElementTypeOrSelf(input.getType());
    ExprType kind = type.isInteger(1)      ? ExprType::Bool
                    : isa<FloatType>(type) ? ExprType::Float
                                           : ExprType::Integer;
    elements.assume(input, [this, isPadding, padding,
                            kind](ArrayRef<Expr> index) {
      Expr value = isPadding ? table.integer(*padding) : index.back();
      return table.cast(value, kind);
    });
  }
}

/// Whether `expr` reads `input` elsewhere than at (row, key), where padding is
/// read, and (row, query), where it does not matter.
static bool readsElsewhere(Expr expr, Value input,
                           const ScoreIndices &indices) {
  return expr.any([&](Expr part) {
    if (!part.is(ExprKind::Load) || part.getSource() != input) {
      return false;
    }
    ArrayRef<Expr> at = part.getOperands();
    return at.size() != 2 ||
           (at[0] != indices.row && at[0].getInteger() != 0) ||
           (at[1] != indices.key && at[1] != indices.query);
  });
}

/// The input that hides every key where it is 0.
void ScoreMatcher::findPadding(ScoreFn getScore) {
  for (Value input : indices.inputs) {
    scores.padding = input;
    assumeInputs(0);
    Expr score = getScore(0);
    if (score && split(score).visible.isFalse()) {
      return;
    }
  }
  scores.padding = {};
}

/// Whether each key is hidden by its own element of the padding alone.
bool ScoreMatcher::checkPadding(ScoreFn getScore) {
  if (!scores.padding) {
    return true;
  }
  assumeInputs(std::nullopt);
  Expr score = getScore(0);
  return (score && !readsElsewhere(score, scores.padding, indices)) ||
         fail("padding hides other keys than its own");
}

//===----------------------------------------------------------------------===//
// Visibility
//===----------------------------------------------------------------------===//

/// One condition: key <= query, or query - key < window.
bool ScoreMatcher::matchCondition(Expr condition) {
  if (!condition.is(ExprKind::IsNonNegative)) {
    return fail("a mask is neither causal, of a window nor of padding: " +
                condition.str());
  }
  Expr distance = table.sub(indices.query, indices.key);
  Expr slack = table.sub(condition.getOperand(0), distance);
  if (slack && slack.getInteger() == 0) {
    scores.causal = true;
    return true;
  }
  // window - 1 - distance >= 0
  slack = table.add(condition.getOperand(0), distance);
  std::optional<int64_t> last = slack ? slack.getInteger() : std::nullopt;
  if (!last || *last < 0) {
    return fail("a mask is neither causal, of a window nor of padding: " +
                condition.str());
  }
  scores.window = std::min(scores.window.value_or(*last + 1), *last + 1);
  return true;
}

bool ScoreMatcher::matchVisible(Expr visible) {
  if (!visible || visible.isFalse()) {
    return fail("no key is visible");
  }
  if (visible.isTrue()) {
    return true;
  }
  if (!visible.is(ExprKind::And)) {
    return matchCondition(visible);
  }
  return llvm::all_of(visible.getOperands(),
                      [&](Expr part) { return matchCondition(part); });
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// cap·tanh(product·c), or product·scale.
bool ScoreMatcher::matchProduct(Expr value) {
  auto takeFactor = [&](Expr &expr) {
    if (expr.is(ExprKind::Mul) && expr.getOperands().size() == 2 &&
        expr.getOperand(1).getFloat()) {
      double factor = *expr.getOperand(1).getFloat();
      expr = expr.getOperand(0);
      return factor;
    }
    return 1.0;
  };
  Scores found = scores;
  found.scale = takeFactor(value);
  found.softcap.reset();
  if (value.is(ExprKind::Tanh)) {
    found.softcap = found.scale;
    value = value.getOperand(0);
    found.scale = takeFactor(value) * *found.softcap;
  }
  ArrayRef<Expr> index = value.getOperands();
  if (!value.is(ExprKind::Load) || index.size() < 2 ||
      index.back() != indices.key ||
      index[index.size() - 2] != indices.query) {
    return fail("scores are no product of queries and keys: " + value.str());
  }
  found.product = value.getSource();
  found.batch.push_back(llvm::to_vector(index.drop_back(2)));
  if (scores.product &&
      (found.product != scores.product || found.scale != scores.scale ||
       found.softcap != scores.softcap)) {
    return fail("heads have different scores");
  }
  scores = found;
  return true;
}

static bool dependsOn(Expr expr, Expr atom) {
  return expr.any([&](Expr part) { return part == atom; });
}

/// value = slope·key + what does not depend on the key, which a softmax over
/// the keys cannot tell from slope·(key − query).
bool ScoreMatcher::matchSlope(Expr value, double &slope) {
  slope = 0;
  if (!dependsOn(value, indices.key)) {
    return true;
  }
  if (value.is(ExprKind::ToFloat)) {
    for (const ExprTerm &term : ExprTable::getTerms(value.getOperand(0))) {
      if (term.atoms.size() == 1 && term.atoms[0] == indices.key) {
        slope += static_cast<double>(term.coefficient);
      } else if (llvm::any_of(term.atoms, [&](Expr atom) {
                   return dependsOn(atom, indices.key);
                 })) {
        return fail("a bias is not linear in the key: " + value.str());
      }
    }
    return true;
  }
  if (value.is(ExprKind::Mul) && value.getOperands().size() == 2 &&
      value.getOperand(1).getFloat() &&
      matchSlope(value.getOperand(0), slope)) {
    slope *= *value.getOperand(1).getFloat();
    return true;
  }
  return fail("a bias is not linear in the key: " + value.str());
}

bool ScoreMatcher::matchValue(Expr value, int64_t head) {
  SmallVector<Expr> parts{value};
  if (value.is(ExprKind::Add)) {
    parts = llvm::to_vector(value.getOperands());
  }
  // The product is what reads a tensor by query and by key.
  bool hasProduct = false;
  double slope = 0;
  for (Expr part : parts) {
    Expr inner = part;
    while (!inner.is(ExprKind::Load) && !inner.getOperands().empty() &&
           (inner.is(ExprKind::Mul) || inner.is(ExprKind::Tanh))) {
      inner = inner.getOperand(0);
    }
    if (!hasProduct && inner.is(ExprKind::Load) &&
        dependsOn(inner, indices.query) && dependsOn(inner, indices.key)) {
      hasProduct = true;
      if (!matchProduct(part)) {
        return false;
      }
      continue;
    }
    double partSlope = 0;
    if (!matchSlope(part, partSlope)) {
      return false;
    }
    slope += partSlope;
  }
  if (!hasProduct) {
    return fail("scores are no product of queries and keys: " + value.str());
  }
  scores.slopes.resize(static_cast<size_t>(indices.heads), 0.0);
  scores.slopes[static_cast<size_t>(head)] = slope;
  return true;
}

std::optional<Scores> ScoreMatcher::run(ScoreFn getScore) {
  findPadding(getScore);
  if (!checkPadding(getScore)) {
    return std::nullopt;
  }
  assumeInputs(1);
  for (int64_t head = 0; head < indices.heads; ++head) {
    Expr score = getScore(head);
    if (!score) {
      why = "a score is not known";
      return std::nullopt;
    }
    Masked parts = split(score);
    if (!matchVisible(parts.visible) || !matchValue(parts.value, head)) {
      return std::nullopt;
    }
  }
  if (llvm::all_of(scores.slopes, [](double slope) { return slope == 0; })) {
    scores.slopes.clear();
  }
  return scores;
}

std::optional<Scores> qeff::matchScores(Elements &elements,
                                        const ScoreIndices &indices,
                                        ScoreFn getScore, std::string &why) {
  return ScoreMatcher(elements, indices, why).run(getScore);
}
