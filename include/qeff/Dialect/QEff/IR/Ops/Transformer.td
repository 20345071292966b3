// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One op per transformer concept. B is the batch, S the number of positions of
// this call, T the number of keys, H query heads, G key/value heads, D the head
// size, C the hidden size. A position of −1 marks padding.
#ifndef QEFF_DIALECT_QEFF_IR_OPS_TRANSFORMER_TD
#define QEFF_DIALECT_QEFF_IR_OPS_TRANSFORMER_TD

include "qeff/Dialect/QEff/IR/Ops/Base.td"

def QEff_EmbeddingOp : QEff_ModelOp<"embedding", [], QEff_InferShape> {
  let summary = "Rows of a table";
  let description = [{
    result[b, s, :] = table[max(ids[b, s], 0), :]: a negative index reads row 0.

    Constraints:
    - (C1) ids is [B, S], table [V, C], result [B, S, C]

    ```mlir
    %1 = qeff.embedding %ids, %table scope("model.embed_tokens") : (tensor<?x?xi64>, tensor<100x16xf16>) -> tensor<?x?x16xf32>
    ```
  }];
  let arguments = (ins QEff_IndexTensor:$ids, QEff_FloatTensor:$table,
                       OptionalAttr<QEff_ModuleAttr>:$module,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $ids `,` $table (`scope` `(` $scope^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def QEff_LinearOp : QEff_ModelOp<"linear", [], QEff_InferShape> {
  let summary = "A linear layer";
  let description = [{
    result[…, n] = Σ_k input[…, k]·weight[n, k] (+ bias[n]). The weight is
    [out, in], as `torch.nn.Linear` has it.

    Constraints:
    - (C1) weight is [N, K], input's last axis K, the result's N
    - (C2) input and result agree in all other axes
    - (C3) bias, where there is one, is [N]

    ```mlir
    %1 = qeff.linear %x, %w scope("lm_head") : (tensor<?x?x16xf32>, tensor<100x16xf16>) -> tensor<?x?x100xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, QEff_FloatTensor:$weight,
                       Optional<QEff_FloatTensor>:$bias,
                       OptionalAttr<QEff_ModuleAttr>:$module,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`,` $bias^)? (`scope` `(` $scope^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def QEff_RMSNormOp : QEff_ModelOp<"rms_norm",
    [AllTypesMatch<["input", "result"]>]> {
  let summary = "Root mean square normalization of the last axis";
  let description = [{
    result = weight·input / √(mean(input²) + eps), in f32
    (Zhang and Sennrich 2019, arXiv:1910.07467).

    Constraints:
    - (C1) weight is [C], C the last axis of the input
    - (C2) eps >= 0

    ```mlir
    %1 = qeff.rms_norm %x, %w {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, QEff_FloatTensor:$weight,
                       F64Attr:$eps, OptionalAttr<QEff_ModuleAttr>:$module,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`scope` `(` $scope^ `)`)? attr-dict
    `:` type($input) `,` type($weight)
  }];
  let hasVerifier = 1;
}

def QEff_LayerNormOp : QEff_ModelOp<"layer_norm",
    [AllTypesMatch<["input", "result"]>, AttrSizedOperandSegments]> {
  let summary = "Layer normalization of the last axis";
  let description = [{
    result = weight·(input − mean) / √(var + eps) + bias, var the biased
    variance; without a weight or bias 1 and 0 stand in (arXiv:1607.06450).

    Constraints:
    - (C1) weight and bias are [C], C the last axis of the input
    - (C2) eps >= 0

    ```mlir
    %1 = qeff.layer_norm %x weight(%w : tensor<16xf32>) bias(%b : tensor<16xf32>) {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input,
                       Optional<QEff_FloatTensor>:$weight,
                       Optional<QEff_FloatTensor>:$bias, F64Attr:$eps,
                       OptionalAttr<QEff_ModuleAttr>:$module,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`weight` `(` $weight^ `:` type($weight) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)? (`scope` `(` $scope^ `)`)?
    attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def QEff_SplitHeadsOp : QEff_ModelOp<"split_heads", [], QEff_InferShape> {
  let summary = "[B, S, H·D] to [B, H, S, D]";
  let description = [{
    Constraints:
    - (C1) input is [B, S, H·D], result [B, H, S, D]; H and D are static

    ```mlir
    %1 = qeff.split_heads %0 : tensor<?x?x32xf32> -> tensor<?x4x?x8xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scope` `(` $scope^ `)`)? attr-dict
    `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def QEff_MergeHeadsOp : QEff_ModelOp<"merge_heads", [], QEff_InferShape> {
  let summary = "[B, H, S, D] to [B, S, H·D]";
  let description = [{
    Constraints:
    - (C1) input is [B, H, S, D], result [B, S, H·D]; H and D are static

    ```mlir
    %1 = qeff.merge_heads %0 : tensor<?x4x?x8xf32> -> tensor<?x?x32xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scope` `(` $scope^ `)`)? attr-dict
    `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def QEff_RopeOp : QEff_ModelOp<"rope", [AllTypesMatch<["input", "result"]>]> {
  let summary = "Rotary position embedding";
  let description = [{
    The first `rotary_dim` channels are rotated by position·f_i, pair by pair
    (arXiv:2104.09864); the rest pass through. With style `half`, channel i
    pairs with i + rotary_dim/2; with `interleaved`, 2i with 2i + 1:

        result[a] = x[a]·cos − x[b]·sin,  result[b] = x[b]·cos + x[a]·sin

    cos and sin are rows of `qeff.rope_table` with the same theta, scaling and
    max_position. Position −1 reads any row (the result is never used).
    Frequencies are fixed at compile time: `dynamic` and `longrope`, which
    choose them by length, take the compiled context length.

    Constraints:
    - (C1) input is [B, H, S, D], positions [B, S]
    - (C2) rotary_dim is even, 2 <= rotary_dim <= D
    - (C3) theta > 0
    - (C4) max_position >= 1; longrope's factors and explicit's frequencies are
      one per pair

    ```mlir
    %1 = qeff.rope %x, %pos {max_position = 8192 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, QEff_IndexTensor:$positions,
                       QEff_RopeStyleAttr:$style, I64Attr:$rotary_dim,
                       F64Attr:$theta, I64Attr:$max_position,
                       OptionalAttr<QEff_RopeScalingAttr>:$scaling,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $positions (`scope` `(` $scope^ `)`)? attr-dict
    `:` type($input) `,` type($positions)
  }];
  let hasVerifier = 1;
}

def QEff_AttentionOp : QEff_ModelOp<"attention", [AttrSizedOperandSegments],
                                     QEff_InferShape> {
  let summary = "Scaled dot-product attention over positions";
  let description = [{
    For each batch row, query i of head h attends to key j of head h·G/H:

        s_ij = cap(scale·q_i·k_j) + slope_h·(kv_pos_j − q_pos_i) + bias_hij
        result_i = Σ_j softmax_j(s_ij)·v_j   over the visible j

    cap(s) is softcap·tanh(s/softcap) with `softcap`, else s. Key j is visible
    to query i iff kv_pos[j] >= 0 and, with `causal`, kv_pos[j] <= q_pos[i] and,
    with `window`, q_pos[i] − kv_pos[j] < window. A query that sees no key gives
    0 (targets may differ only where q_pos = −1 or no key of the row has a
    position). `slopes` are ALiBi's (arXiv:2108.12409). `sinks` are scores, one
    per head, that take part in the softmax and have no value (their part of the
    sum is lost). `bias` is dense, for what no positions express.

    Constraints:
    - (C1) q is [B, H, S, D], k [B, G, T, D], v [B, G, T, E], the result
      [B, H, S, E]; H is a multiple of G
    - (C2) q_pos is [B, S], kv_pos [B, T]
    - (C3) slopes, where there are any, is [H]
    - (C4) sinks, where there are any, is [H]
    - (C5) bias, where there is one, is [B or 1, H or 1, S, T]
    - (C6) window >= 1, and the attention is causal
    - (C7) softcap > 0

    ```mlir
    %1 = qeff.attention %q, %k, %v, %pos, %pos {causal, scale = 0.125 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$q, QEff_FloatTensor:$k,
                       QEff_FloatTensor:$v, QEff_IndexTensor:$q_pos,
                       QEff_IndexTensor:$kv_pos,
                       Optional<QEff_FloatTensor>:$slopes,
                       Optional<QEff_FloatTensor>:$sinks,
                       Optional<QEff_FloatTensor>:$bias, F64Attr:$scale,
                       UnitAttr:$causal, OptionalAttr<I64Attr>:$window,
                       OptionalAttr<F64Attr>:$softcap,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $q `,` $k `,` $v `,` $q_pos `,` $kv_pos (`slopes` `(` $slopes^ `)`)?
    (`sinks` `(` $sinks^ `)`)? (`bias` `(` $bias^ `)`)?
    (`scope` `(` $scope^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def QEff_AddOp : QEff_ModelOp<"add", [
    Commutative, AllTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "Elementwise sum, as in residual connections";
  let description = [{
    ```mlir
    %2 = qeff.add %0, %1 : tensor<?x?x16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$lhs, QEff_FloatTensor:$rhs,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`scope` `(` $scope^ `)`)? attr-dict `:` type($result)
  }];
}

def QEff_MulOp : QEff_ModelOp<"mul", [
    Commutative, AllTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "Elementwise product, as in gated outputs";
  let description = [{
    ```mlir
    %2 = qeff.mul %0, %1 : tensor<?x?x16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$lhs, QEff_FloatTensor:$rhs,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`scope` `(` $scope^ `)`)? attr-dict `:` type($result)
  }];
}

def QEff_SoftcapOp : QEff_ModelOp<"softcap",
    [AllTypesMatch<["input", "result"]>]> {
  let summary = "Smooth limit of logits: cap·tanh(input/cap)";
  let description = [{
    Gemma 2 (arXiv:2408.00118).

    Constraints:
    - (C1) cap > 0

    ```mlir
    %1 = qeff.softcap %0 {cap = 30.0 : f64} : tensor<?x?x16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, F64Attr:$cap,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scope` `(` $scope^ `)`)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def QEff_ActivateOp : QEff_ModelOp<"activate",
    [AllTypesMatch<["input", "result"]>]> {
  let summary = "Elementwise activation";
  let description = [{
    ```mlir
    %1 = qeff.activate %0 {kind = #qeff.activation<gelu>} : tensor<?x?x16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, QEff_ActivationAttr:$kind,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scope` `(` $scope^ `)`)? attr-dict `:` type($result)
  }];
}

def QEff_GateOp : QEff_ModelOp<"gate",
    [AllTypesMatch<["gate", "up", "result"]>]> {
  let summary = "Gated activation: act(gate)·up (SwiGLU with silu)";
  let description = [{
    arXiv:2002.05202.

    ```mlir
    %2 = qeff.gate %g, %u {kind = #qeff.activation<silu>} : tensor<?x?x16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$gate, QEff_FloatTensor:$up,
                       QEff_ActivationAttr:$kind,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $gate `,` $up (`scope` `(` $scope^ `)`)? attr-dict `:` type($result)
  }];
}

def QEff_LogitsSelectOp : QEff_ModelOp<"logits_select", [], QEff_InferShape> {
  let summary = "The hidden state of each row's last token";
  let description = [{
    result[b, 0, :] = input[b, argmax_s positions[b, s], :]. Padding is −1, so
    the largest position is the last real token; a row of padding alone gives
    its first entry.

    Constraints:
    - (C1) input is [B, S, C], positions [B, S], result [B, 1, C]

    ```mlir
    %1 = qeff.logits_select %x, %pos : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x1x16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input, QEff_IndexTensor:$positions,
                       OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $positions (`scope` `(` $scope^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def QEff_PoolOp : QEff_ModelOp<"pool", [], QEff_InferShape> {
  let summary = "One vector for each row of an encoder";
  let description = [{
    [B, S, C] to [B, C]: with `cls` the first entry; with `mean` and `max` the
    mean and the largest over the entries whose position is not negative, or
    over all without positions; with `last` the entry of the largest position.
    Targets may differ in a row of padding alone.

    Constraints:
    - (C1) input is [B, S, C], result [B, C]
    - (C2) positions, where there are any, is [B, S]; `last` needs them, `cls`
      takes none

    ```mlir
    %1 = qeff.pool %x, %pos {kind = #qeff.pool<mean>} : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x16xf32>
    ```
  }];
  let arguments = (ins QEff_FloatTensor:$input,
                       Optional<QEff_IndexTensor>:$positions,
                       QEff_PoolAttr:$kind, OptionalAttr<StrAttr>:$scope);
  let results = (outs QEff_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`,` $positions^)? (`scope` `(` $scope^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // QEFF_DIALECT_QEFF_IR_OPS_TRANSFORMER_TD
