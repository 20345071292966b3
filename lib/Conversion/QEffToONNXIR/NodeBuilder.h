// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds ONNX nodes with their types and their names by scope.
#ifndef QEFF_LIB_CONVERSION_QEFFTOONNXIR_NODEBUILDER_H
#define QEFF_LIB_CONVERSION_QEFFTOONNXIR_NODEBUILDER_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Support/LLVM.h"

namespace qeff {

inline constexpr StringRef kCloudDomain = "com.qualcomm.cloud";
inline constexpr StringRef kRuntimeDomain = "com.qti.aisw.onnx";
inline constexpr int64_t kOpset = 17;
inline constexpr int64_t kStandardOpset = 23;

class NodeBuilder {
public:
  /// Nodes are named "/path/Operator", the path from the dotted `scope`
  /// ("layers.0.mlp" gives "/layers.0/mlp").
  NodeBuilder(OpBuilder &builder, Location loc, StringRef scope);

  OpBuilder &getBuilder() { return builder; }

  /// One node with one result, in the form of the opset `since` where that is
  /// not 0.
  Value node(StringRef opType, ValueRange inputs, Type elementType,
             ArrayRef<int64_t> shape, ArrayRef<NamedAttribute> attrs = {},
             StringRef domain = "", int64_t since = 0);

  NamedAttribute attr(StringRef name, int64_t value);
  NamedAttribute attr(StringRef name, ArrayRef<int64_t> values);
  NamedAttribute attr(StringRef name, float value);

  // Initializers, named by their content.
  Value i64(int64_t value);
  Value i64s(ArrayRef<int64_t> values);
  Value scalar(double value, Type elementType);
  Value initializer(StringRef name, mlir::ElementsAttr value);

  /// `value`, a weight expression, as an initializer of `elementType`. It is
  /// named after the stored weight it comes from, else "scope.suffix".
  Value weight(Value value, Type elementType, StringRef suffix);

  // Nodes by operator; shapes follow ONNX's broadcasting.
  Value unary(StringRef opType, Value x);
  Value binary(StringRef opType, Value a, Value b);
  /// Any operator with a boolean result: comparisons, And, Or.
  Value compare(StringRef opType, Value a, Value b);
  Value where(Value condition, Value a, Value b);
  Value cast(Value x, Type elementType);
  Value matmul(Value a, Value b);
  Value transpose(Value x, ArrayRef<int64_t> permutation);
  Value unsqueeze(Value x, ArrayRef<int64_t> axes);
  /// `target` is ONNX's (0 keeps a size, −1 takes what is left), `shape` the
  /// resulting one.
  Value reshape(Value x, ArrayRef<int64_t> target, ArrayRef<int64_t> shape);
  Value gather(Value table, Value indices, int64_t axis);
  Value slice(Value x, int64_t axis, int64_t start, int64_t end,
              int64_t step = 1);
  Value concat(ValueRange values, int64_t axis);
  /// ReduceMax or ReduceMean along `axis`, in the form of opset 17 or, where
  /// `standard`, of the newest one.
  Value reduce(StringRef opType, Value x, int64_t axis, bool keepDims,
               bool standard);
  /// The size of axis `axis` of `x` as a scalar.
  Value dim(Value x, int64_t axis);
  /// 0, 1, …, count − 1.
  Value range(Value count);

private:
  OpBuilder &builder;
  Location loc;
  std::string scope;
  std::string path;
};

inline RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// `value` converted lazily to `elementType`.
Value castWeight(OpBuilder &builder, Location loc, Value value,
                 Type elementType);

/// Inserts the functions of the custom ops that `module` calls and returns the
/// opset imports.
FailureOr<ArrayAttr> insertCustomOps(ModuleOp module, int64_t opset);

/// Makes the names of nodes, initializers and weights unique.
void uniquifyNames(ModuleOp module, ArrayRef<StringRef> reserved);

} // namespace qeff

#endif // QEFF_LIB_CONVERSION_QEFFTOONNXIR_NODEBUILDER_H
