// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Old forms of operators and how they become new ones.
#ifndef QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_UPGRADEFORMS_H
#define QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_UPGRADEFORMS_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/ONNXIR/Transforms/InitializerBuilder.h"

namespace qeff::onnxir {

/// A node on its way to a typed op.
struct Form {
  NodeOp node;
  OpBuilder &builder; ///< in front of the node
  InitializerBuilder &initializers;
  int64_t version;
  std::string name;
  SmallVector<Value> operands;
  NamedAttrList attributes;
  /// Called with the typed op, once the rest is known: its results, to be used
  /// instead of the node's. Null: as they are.
  std::function<Value(OpBuilder &, Value)> finish = nullptr;

  Value getOperand(unsigned i) const;
  void setOperand(unsigned i, Value value);
  /// Takes an attribute away, null where there is none of that type.
  template <typename T> T take(StringRef attribute) {
    auto value = dyn_cast_if_present<T>(attributes.get(attribute));
    if (value) {
      attributes.erase(attribute);
    }
    return value;
  }
  /// Appends an operand that is a vector of i64.
  void setInts(unsigned i, ArrayRef<int64_t> values, StringRef hint);
  void setInt(StringRef attribute, int64_t value);
};

/// Brings a form to that of a newer version; fails where that cannot be done.
using UpgradeFn = LogicalResult (*)(Form &form);

/// A step that nodes older than `version` need.
struct UpgradeStep {
  const char *name;
  int64_t version;
  UpgradeFn apply;
};

/// All steps; those of one operator by version.
ArrayRef<UpgradeStep> getUpgradeSteps();

/// The dotted path of the module that a node belongs to, or null.
StringAttr getScope(NodeOp node);

/// Replaces a Constant by an initializer or a weight; false: it stays.
bool replaceConstant(NodeOp node, InitializerBuilder &initializers);

/// Replaces a Dropout that does not drop by an Identity; false: it stays.
bool replaceDropout(NodeOp node, int64_t version);

/// The rank of `value`, or nothing.
std::optional<int64_t> getRank(Value value);

} // namespace qeff::onnxir

#endif // QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_UPGRADEFORMS_H
