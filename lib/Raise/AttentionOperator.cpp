// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's Attention (opset 23): [B, H, S, D], or [B, S, H·D] of three axes.

#include "AttentionOperator.h"
#include "Positions.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

#include <cmath>
#include <limits>

using namespace qeff;
using mlir::func::FuncOp;

namespace {
class OperatorMatcher {
public:
  OperatorMatcher(Elements &elements, FuncOp function, onnxir::AttentionOp op,
                  std::string &why)
      : elements(elements), table(elements.getTable()), function(function),
        op(op), why(why) {}

  std::optional<AttentionMatch> match();

private:
  bool fail(const Twine &reason) {
    why = reason.str();
    return false;
  }
  bool readShapes();
  std::optional<int64_t> countHeads(Value value,
                                    std::optional<uint64_t> given);
  int64_t getHeadSize(Value value, int64_t count);
  Expr getElement(Value value, int64_t count, int64_t head, Expr position,
                  int64_t d);
  Expr getScore(int64_t head);
  std::optional<Heads> matchOperand(Value value, int64_t count, int64_t used,
                                    Expr position, StringRef what);

  Elements &elements;
  ExprTable &table;
  FuncOp function;
  onnxir::AttentionOp op;
  std::string &why;
  int64_t heads = 0, groups = 0;
  Expr row, query, key;
};
} // namespace

static bool isAbsent(Value value) { return isa<mlir::NoneType>(value.getType()); }

/// The heads of `value`: its second of four axes, or what the operator says.
std::optional<int64_t>
OperatorMatcher::countHeads(Value value, std::optional<uint64_t> given) {
  std::optional<ArrayRef<Expr>> shape = elements.getShape(value);
  if (!shape) {
    return std::nullopt;
  }
  if (shape->size() == 4) {
    return (*shape)[1] ? (*shape)[1].getInteger() : std::nullopt;
  }
  return shape->size() == 3 && given
             ? std::optional<int64_t>(static_cast<int64_t>(*given))
             : std::nullopt;
}

bool OperatorMatcher::readShapes() {
  if (!isAbsent(op.getPastKey()) || !isAbsent(op.getPastValue()) ||
      !isAbsent(op.getNonpadKvSeqlen())) {
    return fail("the operator has a cache of its own");
  }
  for (Value result : op->getResults().drop_front()) {
    if (!result.use_empty()) {
      return fail("further results of the operator are used");
    }
  }
  std::optional<int64_t> q = countHeads(op.getQ(), op.getQNumHeads());
  std::optional<int64_t> k = countHeads(op.getK(), op.getKvNumHeads());
  std::optional<int64_t> v = countHeads(op.getV(), op.getKvNumHeads());
  constexpr int64_t kMaxHeads = 1 << 16;
  if (!q || !k || !v || *q < 1 || *k < 1 || *k != *v || *q % *k != 0 ||
      *q > kMaxHeads) {
    return fail("the number of heads is not known");
  }
  heads = *q;
  groups = *k;
  ArrayRef<Expr> shape = *elements.getShape(op.getQ());
  ArrayRef<Expr> keys = *elements.getShape(op.getK());
  row = table.index(0, shape[0]);
  query = table.index(1, shape[shape.size() - 2]);
  key = table.index(2, keys[keys.size() - 2]);
  if (shape.size() == 3) {
    query = table.index(1, shape[1]);
    key = table.index(2, keys[1]);
  }
  return true;
}

int64_t OperatorMatcher::getHeadSize(Value value, int64_t count) {
  ArrayRef<Expr> shape = *elements.getShape(value);
  std::optional<int64_t> size =
      shape.back() ? shape.back().getInteger() : std::nullopt;
  return !size ? 0 : shape.size() == 3 ? *size / count : *size;
}

Expr OperatorMatcher::getElement(Value value, int64_t count, int64_t head,
                                 Expr position, int64_t d) {
  if (elements.getShape(value)->size() == 4) {
    return elements.get(value, {row, table.integer(head), position,
                                table.integer(d)});
  }
  int64_t size = getHeadSize(value, count);
  return elements.get(value,
                      {row, position, table.integer(head * size + d)});
}

Expr OperatorMatcher::getScore(int64_t head) {
  // The product of queries and keys is no value of the graph: the operator's
  // result stands for it.
  Expr score = table.load(op.getY(), {row, table.integer(head), query, key});
  auto size = static_cast<double>(getHeadSize(op.getQ(), heads));
  double scale = op.getScale() ? static_cast<double>(*op.getScale())
                               : 1 / std::sqrt(size);
  double cap = op.getSoftcap();
  score = table.mul(score, table.number(cap > 0 ? scale / cap : scale));
  if (cap > 0) {
    score = table.mul(table.unary(ExprKind::Tanh, score), table.number(cap));
  }
  Expr hidden = table.number(-std::numeric_limits<double>::infinity());
  if (op.getIsCausal() != 0) {
    score = table.select(table.lessEqual(key, query), score, hidden);
  }
  Value mask = op.getAttnMask();
  if (isAbsent(mask)) {
    return score;
  }
  std::optional<ArrayRef<Expr>> shape = elements.getShape(mask);
  if (!shape || shape->size() > 4) {
    return {};
  }
  SmallVector<Expr> index{row, table.integer(head), query, key};
  Expr element = elements.get(mask, elements.broadcast(index, *shape));
  if (element && element.getType() == ExprType::Bool) {
    return table.select(element, score, hidden);
  }
  return table.add(score, element);
}

std::optional<Heads> OperatorMatcher::matchOperand(Value value, int64_t count,
                                                   int64_t used,
                                                   Expr position,
                                                   StringRef what) {
  int64_t size = getHeadSize(value, count);
  if (size < 1) {
    why = "the size of a head is not known";
    return std::nullopt;
  }
  std::optional<Heads> result = matchHeads(
      elements, used, size, row, position,
      [&](int64_t head, int64_t d) {
        return getElement(value, count, head * count / used, position, d);
      },
      why);
  if (!result) {
    why = (what + ": " + why).str();
  }
  return result;
}

std::optional<AttentionMatch> OperatorMatcher::match() {
  if (!readShapes()) {
    return std::nullopt;
  }
  ScoreIndices indices{row, query, key, heads, getIntegerInputs(function)};
  std::optional<Scores> scores = matchScores(
      elements, indices, [&](int64_t head) { return getScore(head); }, why);
  for (Value input : indices.inputs) {
    elements.assume(input, {});
  }
  if (!scores) {
    return std::nullopt;
  }
  std::optional<Heads> q =
      matchOperand(op.getQ(), heads, heads, query, "queries");
  std::optional<Heads> k =
      q ? matchOperand(op.getK(), groups, heads, key, "keys") : std::nullopt;
  std::optional<Heads> v =
      k ? matchOperand(op.getV(), groups, heads, key, "values") : std::nullopt;
  if (!v) {
    return std::nullopt;
  }
  return finishMatch({*scores, *q, *k, *v, 1}, why);
}

std::optional<AttentionMatch>
qeff::matchAttentionOperator(Elements &elements, FuncOp function,
                             Operation *op, std::string &why) {
  return OperatorMatcher(elements, function, cast<onnxir::AttentionOp>(op),
                         why)
      .match();
}
