// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The typed operators of `onnxir`, their interface, and what is known of every
// operator's forms.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_H
#define QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include <type_traits>

namespace qeff::onnxir::detail {

template <typename Op, typename = void>
struct HasDefaults : std::false_type {};
template <typename Op>
struct HasDefaults<
    Op, std::void_t<decltype(Op::populateDefaultProperties(
            std::declval<mlir::OperationName>(),
            std::declval<typename Op::Properties &>()))>> : std::true_type {};

template <typename Op>
DictionaryAttr getDefaultAttributes(MLIRContext *context) {
  typename Op::Properties properties;
  if constexpr (HasDefaults<Op>::value) {
    Op::populateDefaultProperties(
        mlir::OperationName(Op::getOperationName(), context), properties);
  }
  auto attributes = dyn_cast_if_present<DictionaryAttr>(
      Op::getPropertiesAsAttr(context, properties));
  return attributes ? attributes : DictionaryAttr::get(context);
}

DictionaryAttr getOperatorAttributes(Operation *op);

} // namespace qeff::onnxir::detail

#include "qeff/Dialect/ONNXIR/IR/ONNXIRInterfaces.h.inc"

#define GET_OP_CLASSES
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h.inc"

namespace qeff::onnxir {

/// An attribute of a typed operator.
struct OperatorAttribute {
  const char *name; ///< null behind the last
  AttrKind kind;
  bool isRequired;
  int64_t sinceVersion; ///< that added it to the form
};

/// A typed operator.
struct OperatorInfo {
  const char *domain;
  const char *name;
  const char *opName; ///< "onnxir.Add"
  int64_t sinceVersion;
  int64_t formVersion;
  /// A letter per operand or result: 1, ? (may be left out) or * (variadic,
  /// the last).
  const char *operands;
  const char *results;
  OperatorAttribute attributes[20];

  /// The attribute `name`, or null.
  const OperatorAttribute *findAttribute(StringRef name) const;
};

/// What is known of the typed operator `name`, or null where there is none.
/// "ai.onnx" is another name of the default domain.
const OperatorInfo *lookupOperator(StringRef domain, StringRef name);

/// The oldest opset of the operator's domain in which `op`, a typed operator,
/// means what it does.
int64_t getNeededOpset(Operation *op);

/// Whether a node of the default domain that is `name` in opset `from` means
/// the same in opset `to`. Operators that are unknown do.
bool isSameForm(StringRef name, int64_t from, int64_t to);

/// The newest opset of the default domain that is known.
int64_t getNewestOpset();

} // namespace qeff::onnxir

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_H
