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

def InferShapesPass : Pass<"onnxir-infer-shapes", "::mlir::ModuleOp"> {
  let summary = "Give results the types that their operands imply";
  let description = [{
    Element types of results that have none, ranks and sizes come from the
    operands of typed ops, through the sizes that shapes are computed with. Types
    that are there are only refined. Sizes of the function's arguments are named
    dims in this, so that `?` that are equal are known to be.

    ```mlir
    %1 = onnxir.Add(%0, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> !onnxir.any
    // becomes
    %1 = onnxir.Add(%0, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    ```
  }];
}

def WidenFloatsPass : Pass<"onnxir-widen-floats", "::mlir::ModuleOp"> {
  let summary = "Compute in f32 what a graph computes in 16-bit floats";
  let description = [{
    Exports in f16 or bf16 go between these and f32 where they need the range.
    Here, all typed operators compute in f32; weights, inputs and outputs keep
    their types, with casts behind and in front of them, as do operators that
    are no typed ones or that name a type. A target chooses the type that it
    computes in.

    ```mlir
    %1 = onnxir.Add(%0, %b) : (tensor<?x4xf16>, tensor<4xf16>) -> tensor<?x4xf16>
    // becomes
    %2 = onnxir.Cast(%b) {to = 1} : (tensor<4xf16>) -> tensor<4xf32>
    %1 = onnxir.Add(%0, %2) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    ```

    A function that has operators with subgraphs stays as it is.
  }];
  let dependentDialects = ["::qeff::onnxir::ONNXIRDialect"];
}

def FoldConstantsPass : Pass<"onnxir-fold-constants", "::mlir::ModuleOp"> {
  let summary = "Compute constants, remove what changes nothing";
  let description = [{
    Integers that follow from shapes and constants, and operators on constants of
    up to 4096 elements, become initializers; f32 is computed in f32, and what
    another machine might round otherwise stays. `Identity`, a `Cast` to the same
    type, a `Slice` of everything, an `Expand` or a chain of reshapes to the same
    shape, a double `Transpose` go away. The target of a `Reshape` becomes a
    constant where one -1 is enough. What nothing uses is removed.

    Needs: `onnxir-infer-shapes`.
  }];
}

#endif // QEFF_DIALECT_ONNXIR_TRANSFORMS_PASSES_TD
