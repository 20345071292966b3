// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Interfaces of the ops of `onnxir`.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIRINTERFACES_TD
#define QEFF_DIALECT_ONNXIR_IR_ONNXIRINTERFACES_TD

include "mlir/IR/OpBase.td"

def ONNXIR_OperatorOpInterface : OpInterface<"OperatorOpInterface"> {
  let cppNamespace = "::qeff::onnxir";
  let description = [{
    A typed op of an ONNX operator, in one form: operands and results in ONNX's
    order, one each, of type `none` where it is left out; attributes as inherent
    attributes under ONNX's names, and two more, `name` and `scope`.
  }];
  let methods = [
    StaticInterfaceMethod<"The operator's name in ONNX",
      "::llvm::StringRef", "getOperatorName">,
    StaticInterfaceMethod<"The operator's domain; \"\" is the default one",
      "::llvm::StringRef", "getDomain">,
    StaticInterfaceMethod<"The newest version that defines the form",
      "int64_t", "getSinceVersion">,
    StaticInterfaceMethod<"The oldest version that has the form but for "
                          "operands and attributes with defaults",
      "int64_t", "getFormVersion">,
    StaticInterfaceMethod<"Whether operands may be swapped",
      "bool", "isCommutative">,
    InterfaceMethod<"The node's name, or null", "::mlir::StringAttr",
      "getNameAttr">,
    InterfaceMethod<"The dotted path of the module it belongs to, or null",
      "::mlir::StringAttr", "getScopeAttr">,
    StaticInterfaceMethod<"Inherent attributes that have defaults, with these",
      "::mlir::DictionaryAttr", "getDefaultAttributes",
      (ins "::mlir::MLIRContext *":$context), [{
        return ::qeff::onnxir::detail::getDefaultAttributes<ConcreteOp>(context);
      }]>
  ];
  let extraSharedClassDeclaration = [{
    /// The attributes of the ONNX node: without name, scope, and those that
    /// equal their default.
    ::mlir::DictionaryAttr getOperatorAttributes() {
      return ::qeff::onnxir::detail::getOperatorAttributes($_op);
    }
  }];
}

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIRINTERFACES_TD
