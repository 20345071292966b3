// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a lowering reads of an operator: operands, attributes, constants.
#ifndef QEFF_LIB_CONVERSION_ONNXIRTOLINALG_OPERATOR_H
#define QEFF_LIB_CONVERSION_ONNXIRTOLINALG_OPERATOR_H

#include "qeff/Support/LLVM.h"

#include <optional>

namespace qeff::onnxir {

/// An operator by ONNX's names.
class Operator {
public:
  explicit Operator(Operation *op) : op(op) {}

  Operation *getOperation() const { return op; }
  /// "Add", "com.microsoft::FusedMatMul"; "" where it is none.
  std::string getName() const;

  size_t getNumOperands() const;
  size_t getNumResults() const { return op->getNumResults(); }
  /// Operand `index`, or null where it is left out.
  Value getOperand(size_t index) const;
  /// The type of operand or result `index`; null where it is left out or no
  /// static tensor.
  RankedTensorType getType(size_t index) const;
  RankedTensorType getResultType(size_t index) const;

  Attribute getAttribute(StringRef name) const;
  int64_t getInt(StringRef name, int64_t otherwise) const;
  double getFloat(StringRef name, double otherwise) const;
  StringRef getString(StringRef name, StringRef otherwise) const;
  std::optional<SmallVector<int64_t>> getInts(StringRef name) const;

  /// The elements of a constant integer operand of at most 64 elements.
  std::optional<SmallVector<int64_t>> getConstant(size_t index) const;

private:
  Operation *op;
};

} // namespace qeff::onnxir

#endif // QEFF_LIB_CONVERSION_ONNXIRTOLINALG_OPERATOR_H
