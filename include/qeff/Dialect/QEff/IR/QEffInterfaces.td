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
    bounded memory. It chooses the tiles itself, by what they make it read;
    nothing but the result may depend on the choice. Both computations are
    called from many threads at once.
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
        The operand whose tile holds, byte for byte and in the same order, what
        `tile` of the result holds, or nothing. The evaluator then computes that
        operand straight into the result's buffer.
      }], "::std::optional<unsigned>", "getForwardedOperand",
      (ins "const ::qeff::Tile &":$tile),
      /*methodBody=*/"", /*defaultImplementation=*/"return ::std::nullopt;">,
    InterfaceMethod<[{
        The operand that `computeTile` takes from the result's own buffer, or
        nothing. `tile` of it is what `tile` of the result needs, and both have
        one element type.
      }], "::std::optional<unsigned>", "getInPlaceOperand",
      (ins "const ::qeff::Tile &":$tile),
      /*methodBody=*/"", /*defaultImplementation=*/"return ::std::nullopt;">,
    InterfaceMethod<[{
        Whether element i of the result depends on element i of the only
        operand and on nothing else. `computeTile` is then called with any run
        of elements, as tiles of rank 1.
      }], "bool", "isElementwise", (ins),
      /*methodBody=*/"", /*defaultImplementation=*/"return false;">
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
