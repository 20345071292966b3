// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions of elements that grow along the reduced axis, as positions do.

#include "ElementReductions.h"
#include "OperatorAccess.h"

using namespace qeff;

namespace {
/// An operand's elements along the axis that is reduced.
struct ReducedAxis {
  Expr index;  ///< a variable along the axis
  Expr last;   ///< its largest value
  Expr element;
};
} // namespace

/// The elements of operand 0 along `axis` for `index` into a result that keeps
/// the axis or not.
static std::optional<ReducedAxis> getAxisElements(Elements &e, Operation *op,
                                                  int64_t axis,
                                                  ArrayRef<Expr> index) {
  std::optional<ArrayRef<Expr>> shape = e.getShape(op->getOperand(0));
  std::optional<size_t> at =
      shape ? getAxis(axis, shape->size()) : std::nullopt;
  bool keeps = getInteger(op, "keepdims", 1) != 0;
  if (!at || !(*shape)[*at] || index.size() + !keeps != shape->size()) {
    return std::nullopt;
  }
  ExprTable &table = e.getTable();
  Expr extent = (*shape)[*at];
  ReducedAxis result{e.makeIndex(extent),
                     table.sub(extent, table.integer(1)), Expr()};
  SmallVector<Expr> source = llvm::to_vector(index);
  if (keeps) {
    source[*at] = result.index;
  } else {
    source.insert(source.begin() + static_cast<int64_t>(*at), result.index);
  }
  result.element = e.get(op->getOperand(0), source);
  return result;
}

/// Whether `element`, an integer, grows with `index`.
static bool growsWith(Expr element, Expr index) {
  if (!element || element.getType() != ExprType::Integer) {
    return false;
  }
  bool grows = false;
  for (const ExprTerm &term : ExprTable::getTerms(element)) {
    if (term.atoms.size() == 1 && term.atoms[0] == index) {
      grows = term.coefficient > 0;
    } else if (llvm::any_of(term.atoms, [&](Expr atom) {
                 return atom.any([&](Expr part) { return part == index; });
               })) {
      return false;
    }
  }
  return grows;
}

Expr qeff::getReduceMaxElement(Elements &e, Operation *op, unsigned,
                               ArrayRef<Expr> index) {
  Value operand = getOperand(op, 1);
  std::optional<SmallVector<Expr>> axes =
      operand ? e.getElements(operand) : std::nullopt;
  if (!axes || axes->size() != 1 || !(*axes)[0] ||
      !(*axes)[0].getInteger()) {
    return {};
  }
  std::optional<ReducedAxis> axis =
      getAxisElements(e, op, *(*axes)[0].getInteger(), index);
  if (!axis || !growsWith(axis->element, axis->index)) {
    return {};
  }
  return e.getTable().substitute(axis->element, [&](Expr leaf) {
    return leaf == axis->index ? axis->last : Expr();
  });
}

Expr qeff::getArgMaxElement(Elements &e, Operation *op, unsigned,
                            ArrayRef<Expr> index) {
  std::optional<ReducedAxis> axis =
      getAxisElements(e, op, getInteger(op, "axis", 0), index);
  return axis && growsWith(axis->element, axis->index) ? axis->last : Expr();
}
