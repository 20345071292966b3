// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Op interfaces of the dialect `qeff`.
#ifndef QEFF_DIALECT_QEFF_IR_QEFFINTERFACES_TD
#define QEFF_DIALECT_QEFF_IR_QEFFINTERFACES_TD

include "mlir/IR/OpBase.td"

def QEff_StreamableOpInterface : OpInterface<"StreamableOpInterface"> {
  let cppNamespace = "::qeff";
  let description = [{
    A pure op on weights whose result can be computed piece by piece: for each
    rectangular tile of the result it names the tile of each operand that it
    needs, and computes the one from the others. The evaluator
    (`qeff/Weights/Evaluator.h`) pulls tiles through chains of these ops with
    bounded memory.
  }];
  let methods = [
    InterfaceMethod<[{
        The tile of operand `index` that `tile` of the result needs, or an
        empty tile (a size of 0) where it needs none. Must lie inside the
        operand.
      }], "::qeff::Tile", "getOperandTile",
      (ins "unsigned":$index, "const ::qeff::Tile &":$tile)>,
    InterfaceMethod<[{
        Computes `result.tile` from the operand tiles that `getOperandTile`
        named. Buffers are dense and row-major over their tile.
      }], "::llvm::LogicalResult", "computeTile",
      (ins "::llvm::ArrayRef<::qeff::ConstTileBuffer>":$operands,
           "::qeff::TileBuffer":$result)>,
    InterfaceMethod<[{
        Rounds the tile size wanted per axis of the result to what this op
        computes without waste (whole blocks, whole heads); sizes only grow.
      }], "void", "alignTileSizes",
      (ins "::llvm::MutableArrayRef<int64_t>":$sizes),
      /*methodBody=*/"", /*defaultImplementation=*/"(void)sizes;">
  ];
}

def QEff_ShapeOpInterface : OpInterface<"ShapeOpInterface"> {
  let cppNamespace = "::qeff";
  let description = [{
    An op whose result's shape follows from its operands' shapes and the values
    of named dims. `qeff-specialize` makes types static through it.
  }];
  let methods = [
    InterfaceMethod<[{
        The shape of the one result; a size is dynamic where it does not follow.
        `dims` has an i64 for each named dim. The default is the first operand's
        shape.
      }], "::llvm::SmallVector<int64_t>", "inferResultShape",
      (ins "::mlir::DictionaryAttr":$dims), /*methodBody=*/"",
      /*defaultImplementation=*/[{
        (void)dims;
        return ::llvm::to_vector(::llvm::cast<::mlir::ShapedType>(
            $_op->getOperand(0).getType()).getShape());
      }]>
  ];
}

def QEff_DecomposableOpInterface : OpInterface<"DecomposableOpInterface"> {
  let cppNamespace = "::qeff";
  let description = [{
    An op whose definition is a graph of simpler ops: its meaning, its fallback
    where a target has no form of its own, and its test oracle.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds the decomposition before the op and returns the values that
        replace its results.
      }], "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "decompose",
      (ins "::mlir::OpBuilder &":$builder)>
  ];
}

#endif // QEFF_DIALECT_QEFF_IR_QEFFINTERFACES_TD
