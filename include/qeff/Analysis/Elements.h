// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the elements of a tensor are, as expressions of its index: masks, rotary
// tables, heads that were split or repeated mean the same however an exporter
// spelled them. An op is seen through where each element of its result comes
// from a bounded number of elements of its operands; an element of any other
// value (a graph's input, a matrix product, an op of the dialect `qeff`) is a
// Load.
#ifndef QEFF_ANALYSIS_ELEMENTS_H
#define QEFF_ANALYSIS_ELEMENTS_H

#include "qeff/Analysis/SymbolicExpr.h"

#include "llvm/ADT/DenseMap.h"

#include <functional>

namespace qeff {

class ConstantReader;
class SymbolicShapes;

class Elements {
public:
  /// Shapes come from `shapes`, expressions from the table of these, elements of
  /// constants from `constants`.
  Elements(SymbolicShapes &shapes, ConstantReader &constants);

  ExprTable &getTable() { return table; }
  ConstantReader &getConstants() { return constants; }

  /// Element `index` of `value`, which must have that rank; null where an index
  /// is.
  Expr get(Value value, ArrayRef<Expr> index);

  /// The shape of `value`, or nothing.
  std::optional<ArrayRef<Expr>> getShape(Value value);
  /// The elements of an integer tensor of one axis or none, or nothing.
  std::optional<SmallVector<Expr>> getElements(Value value);

  /// From here on, element i of `value` is `element`(i); what it is again with
  /// null.
  void assume(Value value, std::function<Expr(ArrayRef<Expr>)> element);

  /// The index into an operand of `shape` that broadcasts to a result, for
  /// `index` into the result.
  SmallVector<Expr> broadcast(ArrayRef<Expr> index, ArrayRef<Expr> shape);

private:
  Expr compute(Value value, ArrayRef<Expr> index);

  ExprTable &table;
  SymbolicShapes &shapes;
  ConstantReader &constants;
  llvm::DenseMap<Value, std::function<Expr(ArrayRef<Expr>)>> assumptions;
  /// By the Load of the same element.
  llvm::DenseMap<const void *, Expr> known;
  int64_t depth = 0;
  int64_t budget;
};

/// Element `index` of result number `result` of an op, or null: a Load then.
using ElementFn = Expr (*)(Elements &elements, Operation *op, unsigned result,
                           ArrayRef<Expr> index);

/// How an op is seen through, or null.
ElementFn getElementFn(Operation *op);

} // namespace qeff

#endif // QEFF_ANALYSIS_ELEMENTS_H
