// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes and types of the dialect `onnxir`.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIRATTRS_TD
#define QEFF_DIALECT_ONNXIR_IR_ONNXIRATTRS_TD

include "mlir/IR/AttrTypeBase.td"
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
  I32EnumAttrCase<"Graphs", 10, "graphs">
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

def ONNXIR_AnyType : TypeDef<ONNXIR_Dialect, "Any"> {
  let mnemonic = "any";
  let summary = "A value of a polymorphic function: any ONNX type";
}

def ONNXIR_OpsetArrayAttr : TypedArrayAttrBase<
    ONNXIR_OpsetAttr, "array of #onnxir.opset">;

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIRATTRS_TD
