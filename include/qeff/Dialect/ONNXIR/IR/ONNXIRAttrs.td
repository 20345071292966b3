// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes and types of the dialect `onnxir`.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIRATTRS_TD
#define QEFF_DIALECT_ONNXIR_IR_ONNXIRATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.td"

// ONNX's AttributeProto.AttributeType, with its numbers.
def ONNXIR_AttrKind : I32EnumAttr<"AttrKind", "kind of an ONNX attribute", [
  I32EnumAttrCase<"Float", 1, "float">,
  I32EnumAttrCase<"Int", 2, "int">,
  I32EnumAttrCase<"String", 3, "string">,
  I32EnumAttrCase<"Tensor", 4, "tensor">,
  I32EnumAttrCase<"Graph", 5, "graph">,
  I32EnumAttrCase<"Floats", 6, "floats">,
  I32EnumAttrCase<"Ints", 7, "ints">,
  I32EnumAttrCase<"Strings", 8, "strings">,
  I32EnumAttrCase<"Tensors", 9, "tensors">,
  I32EnumAttrCase<"Graphs", 10, "graphs">,
  I32EnumAttrCase<"SparseTensor", 11, "sparse_tensor">,
  I32EnumAttrCase<"SparseTensors", 12, "sparse_tensors">,
  I32EnumAttrCase<"TypeProto", 13, "type_proto">,
  I32EnumAttrCase<"TypeProtos", 14, "type_protos">
]> {
  let cppNamespace = "::qeff::onnxir";
  let genSpecializedAttr = 0;
}

def ONNXIR_OpsetAttr : AttrDef<ONNXIR_Dialect, "Opset"> {
  let mnemonic = "opset";
  let summary = "An opset import: a domain and its version";
  let description = [{
    The default domain is "".

    ```mlir
    #onnxir.opset<"", 17>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$domain, "int64_t":$version);
  let assemblyFormat = "`<` $domain `,` $version `>`";
  let genVerifyDecl = 1;
}

def ONNXIR_RefAttr : AttrDef<ONNXIR_Dialect, "Ref"> {
  let mnemonic = "ref";
  let summary = "An attribute of the enclosing function, by name";
  let description = [{
    ```mlir
    #onnxir.ref<"epsilon", float>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name,
                        "::qeff::onnxir::AttrKind":$kind);
  let assemblyFormat = "`<` $name `,` $kind `>`";
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

def ONNXIR_TensorAttr : AttrDef<ONNXIR_Dialect, "Tensor",
    [TypedAttrInterface]> {
  let mnemonic = "tensor";
  let summary = "A constant as the bytes of its payload";
  let description = [{
    For what no dense attribute holds exactly: elements that are less than a
    byte (packed from the low bits on, as ONNX stores them), and booleans other
    than 0 and 1.

    ```mlir
    #onnxir.tensor<"\21\03"> : tensor<3xui4>
    ```
  }];
  let parameters = (ins AttributeSelfTypeParameter<"">:$type,
                        "::mlir::StringAttr":$data);
  let assemblyFormat = "`<` $data `>`";
  let genVerifyDecl = 1;
}

def ONNXIR_StoredAttr : AttrDef<ONNXIR_Dialect, "Stored",
    [TypedAttrInterface]> {
  let mnemonic = "stored";
  let summary = "A constant whose payload is a `qeff.weight`";
  let description = [{
    A large tensor in an attribute of a node. The weight has the storage type of
    the tensor, as the source of an `onnxir.weight` has. It is written into the
    model, or into the data file where the attribute's stub in the node's
    `proto` says EXTERNAL.

    ```mlir
    #onnxir.stored<@table> : tensor<4096x64xf32>
    ```
  }];
  let parameters = (ins AttributeSelfTypeParameter<"">:$type,
                        "::mlir::FlatSymbolRefAttr":$weight);
  let assemblyFormat = "`<` $weight `>`";
  let genVerifyDecl = 1;
}

def ONNXIR_MessageAttr : AttrDef<ONNXIR_Dialect, "Message"> {
  let mnemonic = "message";
  let summary = "An attribute of a rare kind as its serialized AttributeProto";
  let description = [{
    Kinds are sparse_tensor(s) and type_proto(s); the bytes hold no name.

    ```mlir
    #onnxir.message<type_proto, "r\00">
    ```
  }];
  let parameters = (ins "::qeff::onnxir::AttrKind":$kind,
                        "::mlir::StringAttr":$data);
  let assemblyFormat = "`<` $kind `,` $data `>`";
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

def ONNXIR_ValueInfoAttr : AttrDef<ONNXIR_Dialect, "ValueInfo"> {
  let mnemonic = "value_info";
  let summary = "What a graph says about a value";
  let description = [{
    `dims` has an entry per axis: a name, an i64, or `unit` for a size that is
    neither. Where name, type and dims are not all that the ValueInfoProto says,
    `proto` is the serialized message.

    ```mlir
    #onnxir.value_info<name = "x", type = tensor<?x4xf32>, dims = ["batch", 4]>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name,
                        OptionalParameter<"::mlir::Type">:$type,
                        OptionalParameter<"::mlir::ArrayAttr">:$dims,
                        OptionalParameter<"::mlir::StringAttr">:$proto);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def ONNXIR_ValueInfoArrayAttr : TypedArrayAttrBase<
    ONNXIR_ValueInfoAttr, "array of #onnxir.value_info">;

def ONNXIR_GraphAttr : AttrDef<ONNXIR_Dialect, "Graph"> {
  let mnemonic = "graph";
  let summary = "What a graph has beside its nodes";
  let description = [{
    `inputs` and `outputs` are those of a subgraph; a function's are on its
    arguments and results. `value_info` is about values inside. `proto` is the
    serialized GraphProto of the rest: doc string, metadata, quantization
    annotations, fields that are unknown here.

    ```mlir
    #onnxir.graph<name = "body", inputs = [#onnxir.value_info<name = "i">]>
    ```
  }];
  let parameters = (ins OptionalParameter<"::mlir::StringAttr">:$name,
                        OptionalParameter<"::mlir::ArrayAttr">:$inputs,
                        OptionalParameter<"::mlir::ArrayAttr">:$outputs,
                        OptionalParameter<"::mlir::ArrayAttr">:$value_info,
                        OptionalParameter<"::mlir::StringAttr">:$proto);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def ONNXIR_GraphArrayAttr : TypedArrayAttrBase<
    ONNXIR_GraphAttr, "array of #onnxir.graph">;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

class ONNXIR_Type<string name, string typeMnemonic>
    : TypeDef<ONNXIR_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def ONNXIR_AnyType : ONNXIR_Type<"Any", "any"> {
  let summary = "A value of unknown type, and every value of a function";
}

def ONNXIR_StringType : ONNXIR_Type<"String", "string"> {
  let summary = "The element type of tensors of strings";
}

def ONNXIR_SequenceType : ONNXIR_Type<"Sequence", "sequence"> {
  let summary = "A sequence of values";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}

def ONNXIR_OptionalType : ONNXIR_Type<"Optional", "optional"> {
  let summary = "A value that may be missing";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}

def ONNXIR_MapType : ONNXIR_Type<"Map", "map"> {
  let summary = "A map from keys, integers or strings, to values";
  let parameters = (ins "::mlir::Type":$keyType, "::mlir::Type":$valueType);
  let assemblyFormat = "`<` $keyType `,` $valueType `>`";
}

def ONNXIR_SparseType : ONNXIR_Type<"Sparse", "sparse"> {
  let summary = "A sparse tensor of the given tensor's type";
  let parameters = (ins "::mlir::TensorType":$tensorType);
  let assemblyFormat = "`<` $tensorType `>`";
}

def ONNXIR_OpsetArrayAttr : TypedArrayAttrBase<
    ONNXIR_OpsetAttr, "array of #onnxir.opset">;

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIRATTRS_TD
