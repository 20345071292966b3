// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes from the dialect `onnxir` to transformer ops: one per concern. They
// look at structure and at what elements are, never at names.
#ifndef QEFF_RAISE_PASSES_TD
#define QEFF_RAISE_PASSES_TD

include "mlir/Pass/PassBase.td"

def RaiseCachesPass : Pass<"qeff-raise-caches", "::mlir::ModuleOp"> {
  let summary = "Take caches out of a graph";
  let description = [{
    A cache by concatenation is an argument with a dynamic axis, used by one
    Concat along that axis whose result the function returns. Its argument and
    result go away: the function becomes what it is for an empty cache, a
    stateless one. The same holds for an argument that only one attention
    operator uses as its cache, if the function returns what that becomes. The
    named dim of that axis becomes 0 everywhere, also where it
    is a part of a sum ("past_sequence_length + sequence_length").

    ```mlir
    func.func @main(%past: tensor<?x2x?x8xf32>, %k: …) -> … {
      %0 = onnxir.Concat(%past, %k) {axis = -2 : i64}
      return …, %0
    // becomes
    func.func @main(%k: …) -> … {
      return …
    ```

    A cache with a slot per position is an argument into which a ScatterND writes
    rows at the positions that another argument gives, and whose slots a GatherND
    reads in their order: com.qualcomm.cloud's CtxScatter and CtxGather and their
    forms with a batch index, inlined. A whole sequence has the key of position p
    at index p, so that slots become the index in the sequence.

    Needs: typed ops and types. Leaves: no argument that is a cache.
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def LowerOperatorsPass : Pass<"qeff-lower-operators", "::mlir::ModuleOp"> {
  let summary = "Lower operators of com.microsoft to those of ONNX";
  let description = [{
    What ONNX Runtime's optimizer and its model builders fuse becomes what it is
    made of, so that the passes behind see one form of each:

    - SkipLayerNormalization, SkipSimplifiedLayerNormalization and
      EmbedLayerNormalization: sums, lookups and a normalization;
    - Gelu, BiasGelu, FastGelu, QuickGelu: a bias and Gelu, or a gate;
    - FusedMatMul: transposes, MatMul, a factor;
    - MultiHeadAttention, GroupQueryAttention and Attention of com.microsoft:
      projections, biases, RotaryEmbedding, a mask and Attention;
    - RotaryEmbedding of com.microsoft: that of ONNX.

    An operator that has options without such a form stays; of attention that is
    a remark.

    ```mlir
    %0 = onnxir.microsoft.BiasGelu(%x, %b)
    // becomes
    %1 = onnxir.Add(%x, %b)
    %0 = onnxir.Gelu(%1)
    ```

    Needs: typed ops of known ranks, no caches. Leaves: the module's opset at
    least the one that Attention and RotaryEmbedding have where these are made.
  }];
  let dependentDialects = ["::qeff::onnxir::ONNXIRDialect"];
}

def RaiseLinearPass : Pass<"qeff-raise-linear", "::mlir::ModuleOp"> {
  let summary = "Recognize linear layers";
  let description = [{
    A product with a weight of two axes (MatMul, Gemm, behind transposes and
    casts of the weight) becomes a `qeff.linear`, with the vector that is added
    to it as its bias. Rows that were flattened for it are not any more. The
    low-rank path of an adapter that was exported with its model, y = W·x +
    s·B·(A·x), becomes a part of the weight, W + s·B·A; one that takes another
    input, has a scale that is no constant or a dropout of training stays, and is
    a remark.

    ```mlir
    %0 = onnxir.MatMul(%x, %w)
    %1 = onnxir.Add(%0, %b)
    // becomes
    %t = qeff.transpose %w [1, 0]
    %1 = qeff.linear %x, %t, %b
    ```

    Needs: typed ops of known ranks. Leaves: products of two activations.
  }];
  let dependentDialects = ["::qeff::QEffDialect", "::mlir::arith::ArithDialect"];
}

def RaiseNormPass : Pass<"qeff-raise-norm", "::mlir::ModuleOp"> {
  let summary = "Recognize RMS and layer normalizations";
  let description = [{
    x / sqrt(mean(x²) + eps) along the last axis becomes a `qeff.rms_norm`, in
    every spelling of the square, the root and the quotient; that of x − mean(x)
    a `qeff.layer_norm`; factors and terms of the channels its weight and bias.
    RMSNormalization, SimplifiedLayerNormalization and LayerNormalization are
    taken as they are.

    Needs: typed ops of known ranks. Leaves: normalizations of other axes.
  }];
  let dependentDialects = ["::qeff::QEffDialect", "::mlir::arith::ArithDialect"];
}

def RaiseEmbeddingPass : Pass<"qeff-raise-embedding", "::mlir::ModuleOp"> {
  let summary = "Recognize embeddings";
  let description = [{
    Rows of a table by an argument [batch, length] become a `qeff.embedding`.
    Tokens are the argument whose table has as many rows as there are logits, or
    the largest; rows by the index in the sequence, or by another argument, are
    learned positions. Positions that an exporter stored are read from its files.

    Needs: typed ops, shapes that are known.
  }];
  let options = [
    ListOption<"roots", "roots", "std::string",
               "Folders of the files that constants are read from: NAME=DIR, with "
               "%XX for other bytes than letters, digits and /._-+ (model=.)">
  ];
  let dependentDialects = ["::qeff::QEffDialect", "::mlir::arith::ArithDialect"];
}

def RaiseElementwisePass : Pass<"qeff-raise-elementwise", "::mlir::ModuleOp"> {
  let summary = "Recognize activations, gates and sums";
  let description = [{
    An expression over one tensor that has the values of a known activation
    becomes a `qeff.activate`, one over two that is linear in the second a
    `qeff.gate`, and a sum of equal shapes a `qeff.add`, however they are
    spelled.

    Needs: typed ops, shapes that are known.
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def RaiseAttentionPass : Pass<"qeff-raise-attention", "::mlir::ModuleOp"> {
  let summary = "Recognize attention: heads, rotary positions, masks";
  let description = [{
    Every product of a softmax along the last axis with values becomes a
    `qeff.attention`, where these are proven by what their elements are, however
    they are computed:

    - queries, keys and values: channels of one projection each, in any order,
      transposed, split, repeated for groups, rotated by their positions, also by
      cosines and sines that are stored in a file;
    - scores: products of queries and keys, scaled, with or without a soft-cap;
    - masks: causal, of a window, of padding (an integer input of one value per
      key: 0 hides it), of packed sequences whose positions are contiguous (a row
      is one sequence here); slopes of ALiBi.

    `Attention` and the operators of com.microsoft are read the same way. What
    is not proven stays, and is a remark.

    Needs: `qeff.linear` for projections, shapes that are known. Leaves: masks
    without users, which go away.
  }];
  let options = [
    ListOption<"roots", "roots", "std::string",
               "Folders of the files that constants are read from: NAME=DIR, with "
               "%XX for other bytes than letters, digits and /._-+ (model=.)">
  ];
  let dependentDialects = ["::qeff::QEffDialect", "::mlir::arith::ArithDialect"];
}

def RaiseLogitsPass : Pass<"qeff-raise-logits", "::mlir::ModuleOp"> {
  let summary = "Give the logits of all positions";
  let description = [{
    Where a decoder takes the hidden state of the last position, by a slice or by
    the largest of the positions that it is given, and computes its results from
    that alone, it computes them for all positions.

    ```mlir
    %0 = onnxir.Slice(%hidden, %minus_one, %max, %one)  // tensor<?x1x64xf32>
    %1 = qeff.linear %0, %w : … -> tensor<?x1x100xf32>
    // becomes
    %1 = qeff.linear %hidden, %w : … -> tensor<?x?x100xf32>
    ```

    Needs: raised attention.
  }];
}

def RaiseInputsPass : Pass<"qeff-raise-inputs", "::mlir::ModuleOp"> {
  let summary = "Give a raised function the inputs of a canonical one";
  let description = [{
    Arguments that nothing uses go away, and what is left takes its canonical
    name and place: `input_ids`, then `position_ids`; of an encoder also
    `attention_mask` and `token_type_ids`. The tokens' dims become `batch_size`
    and `seq_len`. A function without attention or tokens stays as it is.

    Needs: raised masks and positions.
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def AnnotateModulesPass : Pass<"qeff-annotate-modules", "::mlir::ModuleOp"> {
  let summary = "Give raised ops the modules that adapters address";
  let description = [{
    Raising gives linear layers, embeddings and normalizations the `module` that
    the scopes of their nodes, or else the names of their weights, say. Here
    these become what PEFT sees:

    - components that all modules share go away where the layer that gives the
      logits has them too: the exporter's wrapper ("model.model.layers.0…");
    - ".base_layer" of a model that was exported with an adapter goes away;
    - ops that claim one module and contradict each other (other weights, sizes
      or kinds) lose it, and so do ops whose module holds other modules.

    The attribute `scope` stays. A dropped name is a remark.

    ```mlir
    qeff.linear %x, %w scope("model.lm_head") {module = #qeff.module<"model.lm_head">}
    // becomes
    qeff.linear %x, %w scope("model.lm_head") {module = #qeff.module<"lm_head">}
    ```

    Needs: raised ops. Leaves: modules that adapters fit.
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def VerifyRaisedPass : Pass<"qeff-verify-raised", "::mlir::ModuleOp"> {
  let summary = "Refuse a module in which ONNX operators are left";
  let description = [{
    An error that names the operators that are left, how many of each and the
    first node. Constants and weights do not count.
  }];
}

#endif // QEFF_RAISE_PASSES_TD
