// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-embedding: rows of tables by token, by position, by type.

#include "ModuleNames.h"
#include "Positions.h"
#include "Remarks.h"
#include "WeightSource.h"

#include "qeff/Analysis/Constants.h"
#include "qeff/Analysis/Elements.h"
#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace qeff {
#define GEN_PASS_DEF_RAISEEMBEDDINGPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

namespace {

/// table[ids] for ids [B, S].
struct Lookup {
  onnxir::GatherOp gather;
  /// The argument that the rows are looked up by, or null: the index in the row.
  Value ids;
  /// Rows of the table that come before the one of index 0.
  int64_t offset = 0;
  int64_t rows = 0;
};

class EmbeddingRaiser {
public:
  EmbeddingRaiser(FuncOp function, Elements &elements)
      : function(function), elements(elements),
        builder(function.getContext()) {}

  void run();

private:
  std::optional<Lookup> match(onnxir::GatherOp gather);
  bool matchIds(Expr id, Expr row, Expr position, Lookup &lookup);
  Value chooseTokens(ArrayRef<Lookup> lookups);
  bool raise(const Lookup &lookup, bool isPosition);

  FuncOp function;
  Elements &elements;
  OpBuilder builder;
};

} // namespace

/// x where `id` is max(x, 0), else `id`: canonical positions before the first,
/// which have no keys, read row 0.
static Expr dropMaximum(ExprTable &table, Expr id) {
  for (auto [x, zero] : {std::pair(1, 2), std::pair(2, 1)}) {
    if (id.is(ExprKind::Select) && id.getOperand(zero).getInteger() == 0 &&
        (id == table.max(id.getOperand(x), table.integer(0)) ||
         id == table.max(table.integer(0), id.getOperand(x)))) {
      return id.getOperand(x);
    }
  }
  return id;
}

bool EmbeddingRaiser::matchIds(Expr id, Expr row, Expr position,
                               Lookup &lookup) {
  for (const ExprTerm &term : ExprTable::getTerms(id)) {
    if (term.atoms.empty()) {
      lookup.offset = term.coefficient;
      continue;
    }
    Expr atom = term.atoms.front();
    if (term.coefficient != 1 || term.atoms.size() != 1) {
      return false;
    }
    if (atom == position) {
      continue;
    }
    if (!atom.is(ExprKind::Load) || !isa<BlockArgument>(atom.getSource()) ||
        atom.getOperands() != ArrayRef<Expr>{row, position}) {
      return false;
    }
    lookup.ids = atom.getSource();
  }
  return id != elements.getTable().integer(lookup.offset) &&
         lookup.offset >= 0;
}

std::optional<Lookup> EmbeddingRaiser::match(onnxir::GatherOp gather) {
  auto type = dyn_cast<RankedTensorType>(gather.getData().getType());
  std::optional<ArrayRef<Expr>> shape =
      elements.getShape(gather.getIndices());
  if (!isWeight(gather.getData()) || type.getRank() != 2 ||
      gather.getAxis() != 0 || !shape || shape->size() != 2) {
    return std::nullopt;
  }
  ExprTable &table = elements.getTable();
  bool isShared = (*shape)[0] && (*shape)[0].getInteger() == 1;
  Expr row = isShared ? table.integer(0) : table.index(0, (*shape)[0]);
  Expr position = table.index(1, (*shape)[1]);
  Expr id = elements.get(gather.getIndices(), {row, position});
  id = id ? dropMaximum(table, id) : id;
  Lookup lookup{gather, Value(), 0, type.getDimSize(0)};
  if (!id || id.getType() != ExprType::Integer ||
      !matchIds(id, row, position, lookup)) {
    return std::nullopt;
  }
  return lookup;
}

/// The argument whose table has a row per logit, else the largest.
Value EmbeddingRaiser::chooseTokens(ArrayRef<Lookup> lookups) {
  int64_t vocabulary = -1;
  for (Type result : function.getResultTypes()) {
    auto type = dyn_cast<RankedTensorType>(result);
    if (type && type.getRank() == 3) {
      vocabulary = type.getDimSize(2);
    }
  }
  const Lookup *best = nullptr;
  for (const Lookup &lookup : lookups) {
    if (!lookup.ids) {
      continue;
    }
    auto rank = [&](const Lookup &of) {
      return std::pair(of.rows == vocabulary, of.rows);
    };
    if (!best || rank(lookup) > rank(*best)) {
      best = &lookup;
    }
  }
  return best ? best->ids : Value();
}

bool EmbeddingRaiser::raise(const Lookup &lookup, bool isPosition) {
  auto gather = lookup.gather;
  Value ids = isPosition ? getPositions(function, lookup.ids) : lookup.ids;
  auto indexType = RankedTensorType::get(
      {ShapedType::kDynamic, ShapedType::kDynamic}, builder.getI64Type());
  if (!ids || ids.getType() != indexType) {
    return false;
  }
  builder.setInsertionPoint(gather);
  Value table = getWeight(builder, gather.getData());
  auto type = cast<RankedTensorType>(table.getType());
  if (lookup.offset > 0 && lookup.offset < lookup.rows) {
    type = type.clone({lookup.rows - lookup.offset, type.getDimSize(1)});
    table = SliceOp::create(builder, gather.getLoc(), type, table,
                            ArrayRef<int64_t>{lookup.offset, 0});
  }
  auto resultType = RankedTensorType::get(
      {ShapedType::kDynamic, ShapedType::kDynamic, type.getDimSize(1)},
      cast<ShapedType>(gather.getType()).getElementType());
  // Of a table that loses rows, adapters would be about other rows.
  ModuleAttr module = lookup.offset > 0
                          ? ModuleAttr()
                          : getEmbeddingModule(gather, gather.getData());
  Value result =
      EmbeddingOp::create(builder, gather.getLoc(), resultType, ids, table,
                          module, gather.getScopeAttr());
  gather.getResult().replaceAllUsesWith(result);
  gather.erase();
  return true;
}

void EmbeddingRaiser::run() {
  SmallVector<Lookup> lookups;
  function.walk([&](onnxir::GatherOp gather) {
    if (std::optional<Lookup> lookup = match(gather)) {
      lookups.push_back(*lookup);
    }
  });
  Value tokens = chooseTokens(lookups);
  if (!tokens) {
    return;
  }
  // Tokens first: positions take their shape.
  for (Lookup &lookup : lookups) {
    if (lookup.ids == tokens) {
      (void)raise(lookup, /*isPosition=*/false);
    }
  }
  // Of the rest, rows by index are positions; without them, the argument of the
  // larger table. Others count types.
  const Lookup *positions = nullptr;
  for (const Lookup &lookup : lookups) {
    if (lookup.ids == tokens) {
      continue;
    }
    auto rank = [](const Lookup &of) { return std::pair(!of.ids, of.rows); };
    if (!positions || rank(lookup) > rank(*positions)) {
      positions = &lookup;
    }
  }
  for (const Lookup &lookup : lookups) {
    if (lookup.ids != tokens) {
      (void)raise(lookup, lookup.ids == positions->ids);
    }
  }
}

namespace {
struct RaiseEmbedding : qeff::impl::RaiseEmbeddingPassBase<RaiseEmbedding> {
  using Base::Base;

  LogicalResult initialize(mlir::MLIRContext *context) override {
    return parseRoots(context, roots, options);
  }

  void runOnOperation() override {
    FailureOr<FuncOp> function = findMainFunction(getOperation());
    if (failed(function)) {
      return signalPassFailure();
    }
    ExprTable table;
    SymbolicShapes shapes(*function, table);
    ConstantReader constants(getOperation(), options);
    Elements elements(shapes, constants);
    EmbeddingRaiser(*function, elements).run();
    emitConstantsNotRead(*function, constants.getError());
  }

  EvaluatorOptions options;
};
} // namespace
