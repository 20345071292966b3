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
    not the default one, or `domain(…)` where the operator's name has a `::` of
    its own. `since` is the opset version that defines the form of
    the operator used here. An operand that is left out is an `onnxir.none`; a
    result that is left out has type `none`.

    Attributes are encoded as follows:

    | ONNX | here |
    |---|---|
    | FLOAT, INT, STRING | f32, i64, string |
    | TENSOR | dense elements, `#onnxir.tensor`, `#onnxir.stored` |
    | FLOATS, INTS | `array<f32: …>`, `array<i64: …>` |
    | STRINGS, TENSORS | array of strings, of what TENSOR may be |
    | GRAPH, GRAPHS | a region each, its attribute's name in `subgraphs` |
    | SPARSE_TENSOR(S), TYPE_PROTO(S) | `#onnxir.message` |
    | reference | `#onnxir.ref` |

    `graphs` tells more about each region. `output_names` are the names that the
    results had in the file that the node came from; the exporter keeps them as
    far as they are still unique. `metadata` is a list of keys and values in
    turn. `proto` is the serialized NodeProto of the rest: device
    configurations, empty strings that were set, unknown fields, and stubs of
    the attributes where their order is not the alphabet's or they say more
    than their values.

    Operators that draw random numbers have an effect, so that two of them
    never become one.

    Constraints:
    - (C1) the operator's name is not empty
    - (C2) each attribute has one of the encodings above
    - (C3) `subgraphs` has a name per region, and so has `graphs` if given
    - (C4) a reference names an attribute of the enclosing `onnxir.function`
    - (C5) since >= 1
    - (C6) `output_names`, if given, has a name per result
    - (C7) `metadata` has as many values as keys

    ```mlir
    %1 = onnxir.node "Concat"(%a, %b) since 13 name("/Concat") attrs {axis = 1 : i64} : (tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x5xf32>
    ```
  }];
  let arguments = (ins DefaultValuedStrAttr<StrAttr, "">:$domain,
                       StrAttr:$op_type, OptionalAttr<I64Attr>:$since_version,
                       OptionalAttr<StrAttr>:$name,
                       OptionalAttr<StrAttr>:$overload,
                       OptionalAttr<DictionaryAttr>:$onnx_attrs,
                       OptionalAttr<StrArrayAttr>:$subgraphs,
                       OptionalAttr<ONNXIR_GraphArrayAttr>:$graphs,
                       OptionalAttr<StrArrayAttr>:$output_names,
                       OptionalAttr<StrAttr>:$doc,
                       OptionalAttr<StrArrayAttr>:$metadata,
                       OptionalAttr<StrAttr>:$proto,
                       Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<SizedRegion<1>>:$bodies);
  let assemblyFormat = [{
    custom<OperatorName>($domain, $op_type) `(` $inputs `)`
    (`since` $since_version^)? (`overload` `(` $overload^ `)`)?
    (`name` `(` $name^ `)`)? (`outputs` $output_names^)?
    (`attrs` $onnx_attrs^)? (`doc` `(` $doc^ `)`)? (`metadata` $metadata^)?
    (`proto` `(` $proto^ `)`)? (`graphs` $graphs^)? (`subgraphs` $subgraphs^)?
    $bodies attr-dict-with-keyword `:` functional-type($inputs, results)
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

// What an initializer has beside its name and value.
defvar initializerArguments = (ins
  OptionalAttr<ONNXIR_ValueInfoAttr>:$input,
  OptionalAttr<I64Attr>:$input_position,
  OptionalAttr<StrAttr>:$proto);

def ONNXIR_InitializerOp : ONNXIR_Op<"initializer", [Pure]> {
  let summary = "A small constant with a name";
  let description = [{
    The value is dense elements, or `#onnxir.tensor` where these cannot hold it.

    `input` and `input_position` say that the graph lists the initializer among
    its inputs too, which lets a caller override it; passes take it for the
    constant, and drop both where they change its type. `proto` is the serialized TensorProto of the rest (doc string,
    metadata, unknown fields).

    Constraints:
    - (C1) the name is not empty
    - (C2) the value has the result's type
    - (C3) `input` and `input_position` >= 0 come together

    ```mlir
    %0 = onnxir.initializer "one" dense<1> : tensor<i64>
    ```
  }];
  let arguments = !con((ins StrAttr:$name, TypedAttrInterface:$value),
                       initializerArguments);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$name custom<Elements>($value, type($result)) attr-dict";
  let builders = [
    OpBuilder<(ins "::mlir::Type":$type, "::llvm::StringRef":$name,
                   "::mlir::TypedAttr":$value), [{
      build($_builder, $_state, type, name, value, {}, {}, {});
    }]>
  ];
  let hasVerifier = 1;
}

def ONNXIR_WeightOp : ONNXIR_Op<"weight", [Pure]> {
  let summary = "A weight as an initializer with a name";
  let description = [{
    `source` is a `qeff.weight_ref`, a constant, or a chain of streamable ops on
    such; it is computed when the model is written: into the data file, or into
    the model itself with `embedded`. `scope` names the module that uses it.

    The source has the storage type of the result: the result's own where that
    is one of floats or signless integers of whole bytes, signless integers for
    unsigned ones, and else (booleans, 4 and 2 bits, complex numbers, more than
    16 axes) the bytes of the payload, a vector of i8.

    `input`, `input_position` and `proto` are as in `onnxir.initializer`.

    Constraints:
    - (C1) the name is not empty
    - (C2) the source has the storage type of the result
    - (C3) `input` and `input_position` >= 0 come together

    ```mlir
    %1 = onnxir.weight "lm_head.weight" %0 : tensor<16x100xf32>
    ```
  }];
  let arguments = !con((ins StrAttr:$name, AnyStaticShapeTensor:$source,
                            OptionalAttr<StrAttr>:$scope, UnitAttr:$embedded),
                       initializerArguments);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{
    $name $source (`scope` `(` $scope^ `)`)? (`embedded` $embedded^)? attr-dict
    `:` custom<StoredTypes>(type($source), type($result))
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$type, "::llvm::StringRef":$name,
                   "::mlir::Value":$source, "::mlir::StringAttr":$scope), [{
      build($_builder, $_state, type, $_builder.getStringAttr(name), source,
            scope, ::mlir::UnitAttr(), {}, {}, {});
    }]>
  ];
  let hasVerifier = 1;
}

def ONNXIR_SparseInitializerOp : ONNXIR_Op<"sparse_initializer", [Pure]> {
  let summary = "A sparse constant with a name";
  let description = [{
    `data` is the serialized SparseTensorProto, name included; the result is the
    dense tensor that it stands for.

    Constraints:
    - (C1) the name is not empty

    ```mlir
    %0 = onnxir.sparse_initializer "w" "\0A\00" : tensor<4x4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$data);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$name $data attr-dict `:` type($result)";
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
    with `#onnxir.ref`. The symbol is "domain::name", or "domain::name:overload";
    nodes call it by that. `attr_defaults` are the attributes that have a value
    where the node does not give one. `proto` is the serialized FunctionProto of
    the rest: doc string, metadata, value infos, unknown fields.

    Constraints:
    - (C1) the symbol is "domain::name" with ":overload" behind where there is
      one, none of them empty
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
                       ONNXIR_OpsetArrayAttr:$opset_imports,
                       OptionalAttr<DictionaryAttr>:$attr_defaults,
                       OptionalAttr<StrAttr>:$overload,
                       OptionalAttr<StrAttr>:$proto);
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
    /// The part of the symbol after the last `::` and before the overload.
    ::llvm::StringRef getOperatorName();
    /// Whether nodes of the function may refer to the attribute `name`.
    bool hasAttribute(::mlir::StringAttr name);
  }];
}

def ONNXIR_ReturnOp : ONNXIR_Op<"return", [Pure, Terminator,
    ParentOneOf<["::qeff::onnxir::FunctionOp", "::qeff::onnxir::NodeOp"]>]> {
  let summary = "The outputs of a function or subgraph";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIROPS_TD
