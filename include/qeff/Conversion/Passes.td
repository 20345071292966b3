// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes from one dialect to another.
#ifndef QEFF_CONVERSION_PASSES_TD
#define QEFF_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertQEffToONNXIRPass
    : Pass<"convert-qeff-to-onnxir", "::mlir::ModuleOp"> {
  let summary = "Lower transformer ops to the ONNX graph for AI 100";
  let description = [{
    Tuned (or stateful, or canonical) to aic100. Every op of the dialect `qeff`
    that works on activations becomes ONNX nodes of opset 17 and of the domains
    that the AI 100 compiler knows; weights stay lazy expressions, named by
    `onnxir.weight`. What all layers share (slot numbers, masks, rows of the
    rope tables) is built once.

    ```mlir
    %y = qeff.linear %x, %w scope("layers.0.mlp.up_proj") : …
    // becomes
    %t = qeff.transpose %w [1, 0] : …
    %i = onnxir.weight "model.layers.0.mlp.up_proj.weight" %t : …
    %y = onnxir.node "MatMul"(%x, %i) since 13 name("/layers.0/mlp/up_proj/MatMul") : …
    ```

    With `dtype=f16`, weights, states and activations are f16; softmax, RMS
    norms and the logits stay f32.

    Needs: one public function. Leaves: that function with `onnxir.node`s, the
    custom ops that it uses as `onnxir.function`s, unique names.
  }];
  let options = [
    Option<"dtype", "dtype", "std::string", /*default=*/"\"f32\"",
           "Element type of weights, states and activations: f32 or f16">
  ];
  let dependentDialects = ["::qeff::QEffDialect",
                           "::qeff::onnxir::ONNXIRDialect"];
}

#endif // QEFF_CONVERSION_PASSES_TD
