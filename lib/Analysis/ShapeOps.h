// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a shape function of an operator reads and writes.
#ifndef QEFF_LIB_ANALYSIS_SHAPEOPS_H
#define QEFF_LIB_ANALYSIS_SHAPEOPS_H

#include "qeff/Analysis/SymbolicExpr.h"

#include "llvm/ADT/DenseMap.h"

#include <unordered_map>

namespace qeff {

using Shape = SmallVector<Expr>;

struct ValueHash {
  size_t operator()(Value value) const { return hash_value(value); }
};

/// Shapes stay where they are when others are set: functions read one while they
/// set the next.
using ShapeMap = std::unordered_map<Value, Shape, ValueHash>;

/// The state of the pass over a function.
class ShapeContext {
public:
  explicit ShapeContext(ExprTable &table) : table(table) {}

  ExprTable &table;
  ShapeMap shapes, elements;
  /// Dims that a graph makes equal to something else.
  llvm::DenseMap<Expr, Expr> equal;

  const Shape *getShape(Value value) const;
  const Shape *getElements(Value value) const;
  void setShape(Value value, Shape shape) { shapes[value] = std::move(shape); }
  void setElements(Value value, Shape values);

  /// The size that `a` and `b` broadcast to. Of two different dims the graph is
  /// taken at its word that they are equal.
  Expr broadcast(Expr a, Expr b);
  Shape broadcast(ArrayRef<Expr> a, ArrayRef<Expr> b);
};

/// Elements that are followed.
inline constexpr size_t kMaxShapeElements = 64;

/// Sets what is known of the results of an op: their shapes, small integers.
using ShapeFn = void (*)(ShapeContext &context, Operation *op);

/// The shape of operand 0.
void setSameShape(ShapeContext &context, Operation *op);
/// What the shapes of all operands broadcast to.
void setBroadcast(ShapeContext &context, Operation *op);

/// The shape function of `op`, or null.
ShapeFn getShapeFn(Operation *op);
/// That of an operator around a transformer's core, or null.
ShapeFn getRareShapeFn(Operation *op);

} // namespace qeff

#endif // QEFF_LIB_ANALYSIS_SHAPEOPS_H
