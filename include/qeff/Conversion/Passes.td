// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes from one dialect to another.
#ifndef QEFF_CONVERSION_PASSES_TD
#define QEFF_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertQEffToLinalgPass
    : Pass<"convert-qeff-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower transformer ops to linalg on tensors, for other compilers";
  let description = [{
    Canonical to stateful, tuned or specialized to a module of builtin dialects
    (func, linalg, tensor, arith, math, scf) that any MLIR tool reads without
    qeff. Dims that are dynamic stay so. Sums, softmax and norms are computed in
    f32; a tensor keeps its element type.

    ```mlir
    %y = qeff.linear %x, %w : (tensor<?x?x16xf32>, tensor<32x16xbf16>) -> tensor<?x?x32xf32>
    // becomes
    %y = linalg.generic … ins(%x, %w : …) outs(%zero : tensor<?x?x32xf32>) { arith.extf, arith.mulf, arith.addf }
    ```

    A weight becomes an argument behind the function's own: `qeff.weight` is its
    name, `qeff.file`, `qeff.root` and `qeff.offset` say where its bytes are;
    with `qeff.encoding` these are blocks, and the argument is the decoded
    tensor. What an expression makes of weights (transposes, merged adapters) is
    computed in the function. States stay arguments and results. `qeff.dims`
    becomes `qeff.dim_names`.

    Rope's frequencies are those of `ctx-len` positions; 0 takes the largest
    context of the specializations, or the model's.

    Needs: ONNX operators that were not recognized are of static shapes
    (`qeff-specialize`). Leaves: nothing of qeff but attributes of builtin types.
  }];
  let options = [
    Option<"ctxLen", "ctx-len", "int64_t", /*default=*/"0",
           "Positions that rope's frequencies are for; 0 means the largest "
           "context of the specializations, or the model's">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::qeff::onnxir::ONNXIRDialect"
  ];
}

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
    norms and the logits stay f32. `dtype=auto` takes f16 where most of the
    bytes of the module's weights are 16-bit floats, else f32.

    With `standard`, canonical or adapted to onnx: nodes of opset 23 and of the
    default domain alone, among them `Attention`, `RMSNormalization` and
    `RotaryEmbedding`, as any runtime takes them.

    Needs: one public function. Leaves: that function with `onnxir.node`s, the
    custom ops that it uses as `onnxir.function`s, unique names.
  }];
  let options = [
    Option<"standard", "standard", "bool", /*default=*/"false",
           "Write ONNX's own operators, not those of AI 100">,
    Option<"dtype", "dtype", "std::string", /*default=*/"\"auto\"",
           "Element type of weights, states and activations: f32, f16 or auto">
  ];
  let dependentDialects = ["::qeff::QEffDialect",
                           "::qeff::onnxir::ONNXIRDialect"];
}

def ConvertQEffToHostPass
    : Pass<"convert-qeff-to-host", "::mlir::ModuleOp"> {
  let summary = "Lower static functions to launches of CPU kernels";
  let description = [{
    Specialized to host. Each function becomes a `qeff_host.function`: one
    launch for each op that computes something, over an arena planned by
    lifetimes. Splitting and merging heads is a view, cache writes work in place
    on the states, and an attention reads the states itself. All functions share
    states and weights; a weight is placed once, linear weights as panels, an
    embedding table that a linear layer reads too in that form. There is one
    kernel for each distinct operation, shape, type and layout.

    ```mlir
    %y = qeff.linear %x, %w scope("layers.0.mlp.up_proj") : (tensor<1x1x64xf32>, tensor<128x64xbf16>) -> tensor<1x1x128xf32>
    // becomes
    qeff_host.launch @linear_m1_n128_k64_bf16 tiles(4) (arena + 0, weights + 4096, arena + 256) bytes(16384) scope("layers.0.mlp.up_proj")
    ```

    Needs: static functions named as the module's specializations, f32
    activations, causal attention over caches. Leaves: no other function than
    kernels.
  }];
  let options = [
    Option<"weights", "weights", "std::string", /*default=*/"\"auto\"",
           "Elements of linear weights and embedding tables: auto (as stored), "
           "f32, f16 or bf16">,
    Option<"mcpu", "mcpu", "std::string", /*default=*/"\"native\"",
           "CPU that the kernels are for, as LLVM names it, or native">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::qeff::QEffDialect", "::qeff::host::QEffHostDialect"
  ];
}

def ConvertONNXIRToLinalgPass
    : Pass<"convert-onnxir-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower ONNX operators to linalg on tensors";
  let description = [{
    Each operator of static shapes that the host computes becomes linalg, arith,
    math, scf and tensor ops on tensors: the way out for other compilers, and
    what the host's kernels are made of. Unsigned integers become signless ones.
    Floats of 16 bits are computed in f32. Indices that are data are clamped to
    their axis, or the update dropped. Other operators stay.

    ```mlir
    %0 = onnxir.node "Neg"(%x) since 13 : (tensor<4xf32>) -> tensor<4xf32>
    // becomes
    %1 = tensor.empty() : tensor<4xf32>
    %0 = linalg.generic … ins(%x) outs(%1) { … arith.negf … }
    ```

    Needs: operators in their newest form. Leaves: no operator that there is a
    lowering for.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

#endif // QEFF_CONVERSION_PASSES_TD
