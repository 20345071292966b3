// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes over the dialect `onnxir`.
#ifndef QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_TD
#define QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def InlineFunctionsPass
    : Pass<"onnxir-inline-functions", "::mlir::ModuleOp"> {
  let summary = "Replace calls of model-local functions by their nodes";
  let description = [{
    Each call gets a copy of the function's nodes in which references to
    attributes are replaced by the call's attributes, or by their defaults, or
    removed where there is neither; calls in subgraphs and in the copies
    included. Functions that nothing calls any more are removed.
    Copied nodes say the opset that they come from (`since`), and the names of
    nodes and values begin with the name of the call.

    Calls of functions in the domains `keep` stay as they are.

    Functions that call themselves, and calls that expand to more than ten
    million nodes, are errors.
  }];
  let options = [
    ListOption<"keep", "keep", "std::string",
               "Domains whose functions are not inlined">
  ];
}

def UpgradePass : Pass<"onnxir-upgrade", "::mlir::ModuleOp"> {
  let summary = "Bring nodes to typed ops, one form per operator";
  let description = [{
    Nodes of the graph and of its subgraphs become typed ops in the newest form
    of their operator: attributes that became operands are initializers, a
    `Softmax` that flattens does so by ops of its own, `Constant` is an
    initializer, `Dropout` of an inference graph is an `Identity`. Nodes of other
    operators, and forms that cannot be brought up, stay nodes and say their
    opset in `since`. Model-local functions are not changed.

    The module's opset becomes the oldest one that has all forms in use.

    ```mlir
    %1 = onnxir.node "ReduceMean"(%0) since 13 attrs {axes = array<i64: -1>} : (tensor<?x4xf32>) -> tensor<?x1xf32>
    // becomes
    %axes = onnxir.initializer "axes" dense<-1> : tensor<1xi64>
    %1 = onnxir.ReduceMean(%0, %axes) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    ```
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

#endif // QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_TD
