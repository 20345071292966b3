// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading typed ONNX operators by operand number and attribute name.
#ifndef QEFF_LIB_ANALYSIS_OPERATORACCESS_H
#define QEFF_LIB_ANALYSIS_OPERATORACCESS_H

#include "qeff/Analysis/SymbolicExpr.h"

#include "mlir/IR/TypeUtilities.h"

namespace qeff {

/// Operand `i`, or null where it is left out.
inline Value getOperand(Operation *op, unsigned i) {
  return i < op->getNumOperands() &&
                 !isa<mlir::NoneType>(op->getOperand(i).getType())
             ? op->getOperand(i)
             : Value();
}

/// The integer attribute `name`, or `otherwise` where it is not set.
inline int64_t getInteger(Operation *op, StringRef name, int64_t otherwise) {
  auto value = op->getAttrOfType<IntegerAttr>(name);
  return value ? value.getInt() : otherwise;
}

/// `axis`, counted from the end where negative, or nothing.
inline std::optional<size_t> getAxis(int64_t axis, size_t rank) {
  auto count = static_cast<int64_t>(rank);
  axis = axis < 0 ? axis + count : axis;
  return axis >= 0 && axis < count ? std::optional<size_t>(axis) : std::nullopt;
}

/// The kind of expression that an element of `type` is.
inline ExprType getExprType(Type type) {
  Type element = mlir::getElementTypeOrSelf(type);
  if (auto integer = dyn_cast<IntegerType>(element)) {
    return integer.getWidth() == 1 ? ExprType::Bool : ExprType::Integer;
  }
  return ExprType::Float;
}

/// The scalar constant `value` as an expression, or null.
Expr toExpr(ExprTable &table, Attribute value);

} // namespace qeff

#endif // QEFF_LIB_ANALYSIS_OPERATORACCESS_H
