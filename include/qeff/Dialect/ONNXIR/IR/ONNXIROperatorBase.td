// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the typed operators of `onnxir` have in common.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORBASE_TD
#define QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORBASE_TD

include "mlir/Interfaces/SideEffectInterfaces.td"
include "qeff/Dialect/ONNXIR/IR/ONNXIRAttrs.td"
include "qeff/Dialect/ONNXIR/IR/ONNXIRInterfaces.td"

// A tensor, a sequence, or a value of unknown type.
def ONNXIR_Value : Type<
    CPred<"!::llvm::isa<::mlir::NoneType>($_self)">, "value">;
// The same, or `none`.
def ONNXIR_OptionalValue : Type<CPred<"true">, "value or none">;

def ONNXIR_IntAttr : TypedSignlessIntegerAttrBase<I64, "int64_t", "i64">;

def ONNXIR_FloatAttr : FloatAttrBase<F32, "f32"> {
  let returnType = "float";
  let convertFromStorage = "$_self.getValue().convertToFloat()";
}

def ONNXIR_AnyTensorAttr : Attr<
    CPred<"::qeff::onnxir::getAttrKind($_self) == "
          "::qeff::onnxir::AttrKind::Tensor">, "constant tensor"> {
  let storageType = "::mlir::TypedAttr";
  let returnType = "::mlir::TypedAttr";
  let convertFromStorage = "$_self";
}

class ONNXIR_Operator<string mnemonic, string domain, string operatorName,
                      int since, int form, bit isCommutative>
    : Op<ONNXIR_Dialect, mnemonic, [Pure, ONNXIR_OperatorOpInterface]> {
  let summary = "ONNX operator " #
                !if(!empty(domain), "", domain # "::") # operatorName;
  let assemblyFormat = [{
    `(` operands `)` attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    static ::llvm::StringRef getOperatorName() { return "}] # operatorName # [{"; }
    static ::llvm::StringRef getDomain() { return "}] # domain # [{"; }
    static int64_t getSinceVersion() { return }] # !cast<string>(since) # [{; }
    static int64_t getFormVersion() { return }] # !cast<string>(form) # [{; }
    static bool isCommutative() { return }] #
      !if(isCommutative, "true", "false") # [{; }
  }];
}

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORBASE_TD
