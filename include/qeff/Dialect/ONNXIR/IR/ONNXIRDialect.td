// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `onnxir`: ONNX graphs, any operator of any opset.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIRDIALECT_TD
#define QEFF_DIALECT_ONNXIR_IR_ONNXIRDIALECT_TD

include "mlir/IR/OpBase.td"

def ONNXIR_Dialect : Dialect {
  let name = "onnxir";
  let cppNamespace = "::qeff::onnxir";
  let summary = "ONNX graphs";
  let description = [{
    An ONNX model as it is: `onnxir.node` holds any operator of any domain and
    opset, `onnxir.function` a model-local function, `onnxir.initializer` a
    small constant and `onnxir.weight` a large one, as a lazy expression of the
    dialect `qeff`. The graph itself is a `func.func` whose arguments and
    results carry `qeff.name` and `qeff.dims`.

    Module attributes: `onnxir.ir_version` (i64) and `onnxir.opset_imports`
    (array of `#onnxir.opset`). An imported model adds `onnxir.model`, a
    dictionary of `producer_name`, `producer_version`, `domain`, `doc_string`
    (strings), `model_version` (i64) and `metadata` (array of keys and values in
    turn), and `onnxir.proto`, the serialized ModelProto of the rest (training
    information, device configurations, unknown fields). Its function has the
    attribute `onnxir.graph`, a `#onnxir.graph`; arguments and results whose
    ValueInfoProto says more than their name, type and dims have `onnxir.proto`.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Adds the typed operators.
    void addOperators();
  }];
}

#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIRDIALECT_TD
