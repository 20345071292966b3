// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-attention: products of a softmax with values, and the operators
// that are attention already, become qeff.attention.

#include "AttentionBuilder.h"
#include "AttentionOperator.h"
#include "Heads.h"
#include "Positions.h"
#include "Remarks.h"
#include "Scores.h"

#include "qeff/Analysis/Constants.h"
#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace qeff {
#define GEN_PASS_DEF_RAISEATTENTIONPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

namespace {

/// One candidate: probabilities [B, H, S, T] times values.
class AttentionMatcher {
public:
  AttentionMatcher(Elements &elements, FuncOp function, Operation *product)
      : elements(elements), table(elements.getTable()), function(function),
        product(product) {}

  /// Whether `product` takes a softmax along its last axis.
  bool isCandidate();
  /// What it is, or nothing and `why`.
  std::optional<AttentionMatch> match(std::string &why);

private:
  Expr getScore(int64_t head);
  bool matchOperands(const Scores &scores, AttentionMatch &result,
                     std::string &why);

  Elements &elements;
  ExprTable &table;
  FuncOp function;
  Operation *product;
  Value probabilities; ///< the softmax's result
  int64_t heads = 0;
  Expr row, query, key;
};

} // namespace

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

static bool isOperator(Operation *op, StringRef name) {
  return op && op->getName().getStringRef() == ("onnxir." + name).str();
}

bool AttentionMatcher::isCandidate() {
  std::optional<ArrayRef<Expr>> shape =
      elements.getShape(product->getOperand(0));
  if (!shape || shape->size() != 4 || !(*shape)[1] ||
      !(*shape)[1].getInteger()) {
    return false;
  }
  heads = *(*shape)[1].getInteger();
  row = table.index(0, (*shape)[0]);
  query = table.index(1, (*shape)[2]);
  key = table.index(2, (*shape)[3]);
  constexpr int64_t kMaxHeads = 1 << 16;
  if (heads < 1 || heads > kMaxHeads) {
    return false;
  }
  Expr element = elements.get(product->getOperand(0),
                              {row, table.integer(0), query, key});
  if (!element || !element.is(ExprKind::Load)) {
    return false;
  }
  probabilities = element.getSource();
  Operation *softmax = probabilities.getDefiningOp();
  if (!isOperator(softmax, "Softmax")) {
    return false;
  }
  auto axis = softmax->getAttrOfType<IntegerAttr>("axis");
  int64_t rank = static_cast<int64_t>(element.getOperands().size());
  return !axis || axis.getInt() == -1 || axis.getInt() == rank - 1;
}

/// The score behind the probability of (row, head, query, key).
Expr AttentionMatcher::getScore(int64_t head) {
  Expr element = elements.get(product->getOperand(0),
                              {row, table.integer(head), query, key});
  if (!element || !element.is(ExprKind::Load) ||
      element.getSource() != probabilities ||
      element.getOperands().back() != key) {
    return {};
  }
  return elements.get(probabilities.getDefiningOp()->getOperand(0),
                      element.getOperands());
}

/// Element (…, `a`, `b`) of an operand of a product, where `batch` are the
/// indices of the product's other axes.
static Expr getOperandElement(Elements &elements, Value operand,
                              ArrayRef<Expr> batch, Expr a, Expr b) {
  std::optional<ArrayRef<Expr>> shape = elements.getShape(operand);
  if (!shape || shape->size() > batch.size() + 2 || shape->size() < 2) {
    return {};
  }
  SmallVector<Expr> index = llvm::to_vector(batch);
  SmallVector<Expr> result = elements.broadcast(
      index, shape->drop_back(2).take_back(batch.size()));
  if (shape->size() - 2 < batch.size()) {
    result = elements.broadcast(
        ArrayRef(index).take_back(shape->size() - 2), shape->drop_back(2));
  }
  result.push_back(a);
  result.push_back(b);
  return elements.get(operand, result);
}

/// The size of an axis of `value` counted from the end, or nothing.
static std::optional<int64_t> getStaticSize(Elements &elements, Value value,
                                            size_t fromEnd) {
  std::optional<ArrayRef<Expr>> shape = elements.getShape(value);
  if (!shape || shape->size() < fromEnd) {
    return std::nullopt;
  }
  Expr size = (*shape)[shape->size() - fromEnd];
  return size ? size.getInteger() : std::nullopt;
}

bool AttentionMatcher::matchOperands(const Scores &scores,
                                     AttentionMatch &result,
                                     std::string &why) {
  Operation *scoring = scores.product.getDefiningOp();
  if (!isOperator(scoring, "MatMul")) {
    why = "scores are no matrix product";
    return false;
  }
  Value q = scoring->getOperand(0), k = scoring->getOperand(1);
  Value v = product->getOperand(1);
  std::optional<int64_t> size = getStaticSize(elements, q, 1);
  std::optional<int64_t> valueSize = getStaticSize(elements, v, 1);
  if (!size || !valueSize || *size < 1 || *valueSize < 1) {
    why = "the size of a head is not known";
    return false;
  }
  auto getBatch = [&](int64_t head) {
    return scores.batch[static_cast<size_t>(head)];
  };
  std::optional<Heads> queries = matchHeads(
      elements, heads, *size, row, query,
      [&](int64_t head, int64_t d) {
        return getOperandElement(elements, q, getBatch(head), query,
                                 table.integer(d));
      },
      why);
  std::string prefix = "queries: ";
  std::optional<Heads> keys, values;
  if (queries) {
    prefix = "keys: ";
    keys = matchHeads(
        elements, heads, *size, row, key,
        [&](int64_t head, int64_t d) {
          return getOperandElement(elements, k, getBatch(head),
                                   table.integer(d), key);
        },
        why);
  }
  if (keys) {
    prefix = "values: ";
    values = matchHeads(
        elements, heads, *valueSize, row, key,
        [&](int64_t head, int64_t d) {
          return getOperandElement(elements, v, {row, table.integer(head)},
                                   key, table.integer(d));
        },
        why);
  }
  if (!values) {
    why = prefix + why;
    return false;
  }
  result.queries = std::move(*queries);
  result.keys = std::move(*keys);
  result.values = std::move(*values);
  return true;
}

std::optional<AttentionMatch> AttentionMatcher::match(std::string &why) {
  ScoreIndices indices{row, query, key, heads, getIntegerInputs(function)};
  std::optional<Scores> scores = matchScores(
      elements, indices, [&](int64_t head) { return getScore(head); }, why);
  for (Value input : indices.inputs) {
    elements.assume(input, {});
  }
  if (!scores) {
    return std::nullopt;
  }
  AttentionMatch result;
  result.scores = *scores;
  if (!matchOperands(*scores, result, why)) {
    return std::nullopt;
  }
  return finishMatch(std::move(result), why);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct RaiseAttention
    : qeff::impl::RaiseAttentionPassBase<RaiseAttention> {
  using Base::Base;

  LogicalResult initialize(mlir::MLIRContext *context) override {
    return parseRoots(context, roots, options);
  }
  void runOnOperation() override;

  EvaluatorOptions options;
};
} // namespace

void RaiseAttention::runOnOperation() {
  FailureOr<FuncOp> function = findMainFunction(getOperation());
  if (failed(function)) {
    return signalPassFailure();
  }
  ExprTable table;
  SymbolicShapes shapes(*function, table);
  ConstantReader constants(getOperation(), options);
  Elements elements(shapes, constants);
  SmallVector<Operation *> ops;
  function->walk([&](Operation *op) {
    if (isOperator(op, "MatMul") || isOperator(op, "Attention")) {
      ops.push_back(op);
    }
  });
  for (Operation *op : ops) {
    std::string why;
    std::optional<AttentionMatch> match;
    if (isOperator(op, "Attention")) {
      match = matchAttentionOperator(elements, *function, op, why);
    } else {
      AttentionMatcher matcher(elements, *function, op);
      if (!matcher.isCandidate()) {
        continue;
      }
      match = matcher.match(why);
    }
    if (match &&
        succeeded(buildAttention(elements, *function, op, *match, why))) {
      emitAttentionRaised(op);
    } else {
      emitAttentionMissed(op, why);
    }
  }
  emitConstantsNotRead(*function, constants.getError());
}
