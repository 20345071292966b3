// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on single elements of tensors, as ONNX defines it.
#ifndef QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_SCALARARITHMETIC_H
#define QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_SCALARARITHMETIC_H

#include "qeff/Support/LLVM.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"

#include <optional>
#include <variant>

namespace qeff::onnxir {

/// An integer, a truth value (one bit) or a float. Nothing: not computed.
using Element = std::optional<std::variant<llvm::APSInt, llvm::APFloat>>;

/// Whether elements of `type` have no sign.
bool isUnsigned(Type type);

// Of elements that are something.

/// Whether `value` is not 0.
bool isTrue(const Element &value);
/// The operator `name` on one or two elements; integers wrap around. Nothing
/// for operators that are not known, division by 0 and the maximum of NaN.
Element computeUnary(StringRef name, const Element &a);
Element computeBinary(StringRef name, const Element &a, const Element &b);
/// `value` as an element of `type`; nothing for numbers out of range.
Element convert(const Element &value, Type type);

} // namespace qeff::onnxir

#endif // QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_SCALARARITHMETIC_H
