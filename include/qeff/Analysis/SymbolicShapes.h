// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes of a function's values over named dims, and the elements of the small
// integer tensors that shapes are computed with.
#ifndef QEFF_ANALYSIS_SYMBOLICSHAPES_H
#define QEFF_ANALYSIS_SYMBOLICSHAPES_H

#include "qeff/Analysis/SymbolicExpr.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <memory>

namespace qeff {

class SymbolicShapes {
public:
  /// One pass over `function`; expressions come from `table`.
  SymbolicShapes(mlir::func::FuncOp function, ExprTable &table);
  ~SymbolicShapes();

  ExprTable &getTable();

  /// The shape of `value`, or nothing where its rank is not known. Sizes that
  /// are not known are null.
  std::optional<ArrayRef<Expr>> getShape(Value value);

  /// The elements of `value`, a tensor of integers or truth values of at most
  /// one axis and 64 elements, or nothing. Elements that are not known are
  /// null.
  std::optional<ArrayRef<Expr>> getElements(Value value);

private:
  struct Storage;
  std::unique_ptr<Storage> storage;
};

} // namespace qeff

#endif // QEFF_ANALYSIS_SYMBOLICSHAPES_H
