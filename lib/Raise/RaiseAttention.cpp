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
  bool matchValues(AttentionMatch &result, std::string &why);
  bool matchScoring(AttentionMatch &result, std::string &why);

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

bool AttentionMatcher::matchValues(AttentionMatch &result, std::string &why) {
  Value v = product->getOperand(1);
  std::optional<int64_t> size = getStaticSize(elements, v, 1);
  if (!size || *size < 1) {
    why = "the size of a head is not known";
    return false;
  }
  std::optional<Heads> values = matchHeads(
      elements, heads, *size, row, key,
      [&](int64_t head, int64_t d) {
        return getOperandElement(elements, v, {row, table.integer(head)}, key,
                                 table.integer(d));
      },
      why);
  if (!values) {
    why = "values: " + why;
    return false;
  }
  result.values = std::move(*values);
  return true;
}

bool AttentionMatcher::matchScoring(AttentionMatch &result, std::string &why) {
  Operation *scoring = result.scores.product.getDefiningOp();
  if (!isOperator(scoring, "MatMul")) {
    why = "scores are no matrix product";
    return false;
  }
  Value q = scoring->getOperand(0), k = scoring->getOperand(1);
  std::optional<int64_t> size = getStaticSize(elements, q, 1);
  if (!size || *size < 1) {
    why = "the size of a head is not known";
    return false;
  }
  auto getBatch = [&](int64_t head) {
    return result.scores.batch[static_cast<size_t>(head)];
  };
  std::optional<Heads> queries = matchHeads(
      elements, heads, *size, row, query,
      [&](int64_t head, int64_t d) {
        return getOperandElement(elements, q, getBatch(head), query,
                                 table.integer(d));
      },
      why);
  if (!queries) {
    why = "queries: " + why;
    return false;
  }
  std::optional<Heads> keys = matchHeads(
      elements, heads, *size, row, key,
      [&](int64_t head, int64_t d) {
        return getOperandElement(elements, k, getBatch(head),
                                 table.integer(d), key);
      },
      why);
  if (!keys) {
    why = "keys: " + why;
    return false;
  }
  result.queries = std::move(*queries);
  result.keys = std::move(*keys);
  return true;
}

std::optional<AttentionMatch> AttentionMatcher::match(std::string &why) {
  ScoreIndices indices{row, query, key, heads, getIntegerInputs(function)};
  AttentionMatch result;
  std::optional<Scores> scores = matchScores(
      elements, indices, [&](int64_t head) { return getScore(head); }, why);
  bool matches = scores.has_value();
  if (matches) {
    result.scores = std::move(*scores);
    // Inputs still play their roles: values may be 0 where a cache is empty.
    matches = matchValues(result, why);
  }
  for (Value input : indices.inputs) {
    elements.assume(input, {});
  }
  if (!matches || !matchScoring(result, why)) {
    return std::nullopt;
  }
  return finishMatch(std::move(result), why);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
/// What is known of the elements of a function. It grows with every question.
struct Knowledge {
  Knowledge(FuncOp function, ConstantReader &constants)
      : shapes(function, table), elements(shapes, constants),
        start(table.size()) {}

  /// Whether it holds so much more than at first that to find out anew is
  /// better than to keep it.
  bool isLarge() const {
    constexpr size_t kMaxNodes = 1 << 15;
    return table.size() > kMaxNodes + 8 * start;
  }

  ExprTable table;
  SymbolicShapes shapes;
  Elements elements;
  size_t start;
};

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

/// Raises `op`, a matrix product or an operator that is attention already.
static void raise(Elements &elements, FuncOp function, Operation *op) {
  std::string why;
  std::optional<AttentionMatch> match;
  if (isOperator(op, "Attention")) {
    match = matchAttentionOperator(elements, function, op, why);
  } else {
    AttentionMatcher matcher(elements, function, op);
    if (!matcher.isCandidate()) {
      return;
    }
    match = matcher.match(why);
  }
  if (match && succeeded(buildAttention(elements, function, op, *match, why))) {
    emitAttentionRaised(op);
  } else {
    emitAttentionMissed(op, why);
  }
}

void RaiseAttention::runOnOperation() {
  FailureOr<FuncOp> function = findMainFunction(getOperation());
  if (failed(function)) {
    return signalPassFailure();
  }
  ConstantReader constants(getOperation(), options);
  SmallVector<Operation *> ops;
  function->walk([&](Operation *op) {
    if (isOperator(op, "MatMul") || isOperator(op, "Attention")) {
      ops.push_back(op);
    }
  });
  auto knowledge = std::make_unique<Knowledge>(*function, constants);
  // A file may ask for any amount of work: what one table allows, so often.
  constexpr int kMaxTables = 256;
  int tables = 1;
  for (Operation *op : ops) {
    if (knowledge->isLarge() && tables++ < kMaxTables) {
      knowledge = std::make_unique<Knowledge>(*function, constants);
    }
    raise(knowledge->elements, *function, op);
  }
  emitConstantsNotRead(*function, constants.getError());
}
