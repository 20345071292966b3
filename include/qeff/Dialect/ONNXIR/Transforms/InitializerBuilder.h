// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes initializers with names of their own.
#ifndef QEFF_DIALECT_ONNXIR_TRANSFORMS_INITIALIZERBUILDER_H
#define QEFF_DIALECT_ONNXIR_TRANSFORMS_INITIALIZERBUILDER_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace qeff::onnxir {

/// Makes initializers at the beginning of a function, one per value, where
/// subgraphs see them too. Other names of the function must not change
/// meanwhile.
class InitializerBuilder {
public:
  explicit InitializerBuilder(mlir::func::FuncOp function);

  /// An initializer of `value`, a static tensor; `hint` is its name, but for a
  /// number behind it.
  Value get(TypedAttr value, StringRef hint);
  /// A vector of i64.
  Value getInts(ArrayRef<int64_t> values, StringRef hint);
  /// A scalar of `elementType`, a float type.
  Value getFloat(double value, Type elementType, StringRef hint);
  /// The `onnxir.none` of the function.
  Value getNone();

  /// A name like `hint` that nothing has; it is taken then.
  std::string makeName(StringRef hint);

private:
  mlir::func::FuncOp function;
  llvm::DenseMap<Attribute, Value> values;
  llvm::StringSet<> names;
  llvm::StringMap<unsigned> counters;
  Value none;
};

} // namespace qeff::onnxir

#endif // QEFF_DIALECT_ONNXIR_TRANSFORMS_INITIALIZERBUILDER_H
