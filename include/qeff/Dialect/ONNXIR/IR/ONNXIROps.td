// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops of the dialect `onnxir`.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIROPS_TD
#define QEFF_DIALECT_ONNXIR_IR_ONNXIROPS_TD

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "qeff/Dialect/ONNXIR/IR/ONNXIRAttrs.td"

class ONNXIR_Op<string mnemonic, list<Trait> traits = []>
    : Op<ONNXIR_Dialect, mnemonic, traits>;

def ONNXIR_NodeOp : ONNXIR_Op<"node", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Any ONNX operator or call of a model-local function";
  let description = [{
    The name is the operator's, after its domain and `::` where the domain is
    not the default one. `since` is the opset version that defines the form of
    the operator used here. An operand that is left out is an `onnxir.none`; a
    result that is left out has type `none`.

    Attributes are encoded as follows:

    | ONNX | here |
    |---|---|
    | FLOAT, INT, STRING | f32, i64, string |
    | TENSOR | dense elements |
    | FLOATS, INTS | `array<f32: …>`, `array<i64: …>` |
    | STRINGS, TENSORS | array of strings, of dense elements |
    | GRAPH, GRAPHS | a region, its attribute's name in `subgraphs` |
    | reference | `#onnxir.ref` |

    Operators that draw random numbers have an effect, so that two of them
    never become one.

    Constraints:
    - (C1) the operator's name is not empty and holds no `::`
    - (C2) each attribute has one of the encodings above
    - (C3) `subgraphs` has a name per region
    - (C4) a reference names an attribute of the enclosing `onnxir.function`
    - (C5) since >= 1

    ```mlir
    %1 = onnxir.node "Concat"(%a, %b) since 13 name("/Concat") attrs {axis = 1 : i64} : (tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x5xf32>
    ```
  }];
  let arguments = (ins DefaultValuedStrAttr<StrAttr, "">:$domain,
                       StrAttr:$op_type, OptionalAttr<I64Attr>:$since_version,
                       OptionalAttr<StrAttr>:$name,
                       OptionalAttr<DictionaryAttr>:$onnx_attrs,
                       OptionalAttr<StrArrayAttr>:$subgraphs,
                       Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<SizedRegion<1>>:$bodies);
  let assemblyFormat = [{
    custom<OperatorName>($domain, $op_type) `(` $inputs `)`
    (`since` $since_version^)? (`name` `(` $name^ `)`)?
    (`attrs` $onnx_attrs^)? (`subgraphs` $subgraphs^)? $bodies attr-dict
    `:` functional-type($inputs, results)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::TypeRange":$types, "::llvm::StringRef":$domain,
                   "::llvm::StringRef":$opType, "int64_t":$sinceVersion,
                   "::llvm::StringRef":$name, "::mlir::ValueRange":$inputs,
                   CArg<"::llvm::ArrayRef<::mlir::NamedAttribute>", "{}">:
                     $onnxAttrs)>
  ];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// "domain::Op", or "Op" in the default domain.
    std::string getQualifiedName();
  }];
}

def ONNXIR_InitializerOp : ONNXIR_Op<"initializer", [Pure]> {
  let summary = "A small constant with a name";
  let description = [{
    Constraints:
    - (C1) the name is not empty
    - (C2) the value has the result's type

    ```mlir
    %0 = onnxir.initializer "one" dense<1> : tensor<i64>
    ```
  }];
  let arguments = (ins StrAttr:$name, ElementsAttr:$value);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$name custom<Elements>($value, type($result)) attr-dict";
  let hasVerifier = 1;
}

def ONNXIR_WeightOp : ONNXIR_Op<"weight", [Pure,
    AllTypesMatch<["source", "result"]>]> {
  let summary = "A weight as an initializer with a name";
  let description = [{
    `source` is a `qeff.weight_ref`, a constant, or a chain of streamable ops on
    such; it is computed when the model is written. `scope` names the module
    that uses it.

    Constraints:
    - (C1) the name is not empty

    ```mlir
    %1 = onnxir.weight "lm_head.weight" %0 : tensor<16x100xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, AnyStaticShapeTensor:$source,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{
    $name $source (`scope` `(` $scope^ `)`)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def ONNXIR_NoneOp : ONNXIR_Op<"none", [Pure]> {
  let summary = "An operand that is left out";
  let description = [{
    ```mlir
    %0 = onnxir.none
    ```
  }];
  let results = (outs NoneType:$result);
  let assemblyFormat = "attr-dict";
}

def ONNXIR_FunctionOp : ONNXIR_Op<"function", [
    Symbol, IsolatedFromAbove, SingleBlock, HasParent<"::mlir::ModuleOp">]> {
  let summary = "A model-local function";
  let description = [{
    Polymorphic: values have type `!onnxir.any`, and attributes are referred to
    with `#onnxir.ref`. The symbol is "domain::name"; nodes call it by that.

    Constraints:
    - (C1) the symbol is "domain::name", neither of them empty
    - (C2) one input name per argument, all arguments of type `!onnxir.any`
    - (C3) the body ends in an `onnxir.return` with a value per output name
    - (C4) names of inputs, of outputs and of attributes are unique

    ```mlir
    onnxir.function @"example::Twice" inputs ["x"] outputs ["y"] attributes [] opsets [#onnxir.opset<"", 17>] {
    ^bb0(%x: !onnxir.any):
      %y = onnxir.node "Add"(%x, %x) since 14 : (!onnxir.any, !onnxir.any) -> !onnxir.any
      onnxir.return %y : !onnxir.any
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       StrArrayAttr:$input_names, StrArrayAttr:$output_names,
                       StrArrayAttr:$attr_names,
                       ONNXIR_OpsetArrayAttr:$opset_imports);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ($sym_visibility^)? $sym_name `inputs` $input_names `outputs` $output_names
    `attributes` $attr_names `opsets` $opset_imports
    attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The part of the symbol before the last `::`.
    ::llvm::StringRef getDomain();
    /// The part of the symbol after the last `::`.
    ::llvm::StringRef getOperatorName();
  }];
}

def ONNXIR_ReturnOp : ONNXIR_Op<"return", [Pure, Terminator,
    ParentOneOf<["::qeff::onnxir::FunctionOp", "::qeff::onnxir::NodeOp"]>]> {
  let summary = "The outputs of a function or subgraph";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIROPS_TD
