// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sweep of onnxir-fold-constants.
#ifndef QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_FOLDER_H
#define QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_FOLDER_H

#include "qeff/Analysis/SymbolicShapes.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/ONNXIR/Transforms/InitializerBuilder.h"

#include <unordered_map>

namespace qeff::onnxir {

/// Ops that are looked through at once.
inline constexpr int kMaxChain = 16;

/// The constant that `value` is, or null.
DenseElementsAttr getConstant(Value value);

/// Whether `op` keeps the elements and their order.
inline bool isReshape(Operation *op) {
  return isa_and_present<ReshapeOp, SqueezeOp, UnsqueezeOp, FlattenOp>(op);
}

/// One sweep from operands to uses.
class Folder {
public:
  Folder(mlir::func::FuncOp function, SymbolicShapes &shapes)
      : function(function), shapes(shapes), initializers(function) {}

  void run();

private:
  Value fold(OperatorOpInterface op);
  Value foldKnownElements(OperatorOpInterface op);
  Value foldOperands(OperatorOpInterface op);
  Value foldNoise(OperatorOpInterface op);
  Value foldNeutral(OperatorOpInterface op);
  void bypassExpands(OperatorOpInterface op);
  Value foldWhere(WhereOp op);
  void mergeUnsqueezes(UnsqueezeOp op);
  Value reuse(OperatorOpInterface op);
  Value foldTranspose(TransposeOp op);
  Value foldChain(Operation *op);
  bool isFullSlice(SliceOp op);
  void simplifyTarget(ReshapeOp op);
  void bypassReshapes(ReshapeOp op);
  std::optional<SmallVector<Expr>> getShape(Value value);
  bool haveSameShape(Value a, Value b);
  std::optional<SmallVector<int64_t>> getIntegers(Value value);

  mlir::func::FuncOp function;
  SymbolicShapes &shapes;
  InitializerBuilder initializers;
  /// By the elements' hash.
  std::unordered_multimap<size_t, Value> known;
};

} // namespace qeff::onnxir

#endif // QEFF_LIB_DIALECT_ONNXIR_TRANSFORMS_FOLDER_H
