// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes over the dialect `qeff`.
#ifndef QEFF_TRANSFORMS_PASSES_TD
#define QEFF_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def AnnotateSpecializationsPass
    : Pass<"qeff-annotate-specializations", "::mlir::ModuleOp"> {
  let summary = "Record the shapes that the module is compiled for";
  let description = [{
    Sets `qeff.specializations`: "prefill" with `prefill-seq-len` positions a
    call and "decode" with one, both for `batch-size` rows and a context of
    `ctx-len`; only "decode" where `prefill-seq-len` is 1.

    Needs: prefill-seq-len <= ctx-len. A context beyond `qeff.max_position` is
    an error where positions are learned (a table has no row for them); where
    they are computed, a warning up to 64 times as many, then an error.

    A graph that is no decoder (no `position_ids`, or no causal attention) gets
    one specialization, "encode" where there is attention, else "main", with the
    sizes of its inputs' dims: of `dims`, else `batch-size` for the dim
    `batch_size` and `prefill-seq-len` for `seq_len`. A dim that is called by a
    sum or product of others ("past + 1") has the value of that.
  }];
  let options = [
    Option<"prefillSeqLen", "prefill-seq-len", "int64_t", "32",
           "Positions of one prefill call">,
    Option<"ctxLen", "ctx-len", "int64_t", "1024",
           "Slots of the KV cache: prompt and answer together">,
    Option<"batchSize", "batch-size", "int64_t", "1", "Rows of a call">,
    ListOption<"dims", "dims", "std::string",
               "Sizes of dims of a graph that is no decoder, as NAME=VALUE">
  ];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def AnnotatePhasePass : Pass<"qeff-annotate-phase", "::mlir::ModuleOp"> {
  let summary = "Record that a phase is complete";
  let description = [{
    Sets `qeff.phase`. Ends each phase's pipeline.
  }];
  let options = [
    Option<"phase", "phase", "std::string", "\"canonical\"", "Phase's name">
  ];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def FuseAdaptersPass : Pass<"qeff-fuse-adapters", "::mlir::ModuleOp"> {
  let summary = "Merge adapters into the weights, or make them inputs";
  let description = [{
    Canonical to adapted; the `qeff.adapter` symbols go away. Without one, mode
    `merge` changes nothing.

    `merge` applies the adapters in the module's order. A module's weight
    becomes a lazy `qeff.lora_merge`; each op that computes a part of a fused
    module takes its rows of b and of the magnitude. A parameter that an adapter
    replaces takes the place of the model's. Only the first adapter that changes
    a module may have a magnitude for it.

    ```mlir
    qeff.adapter "private" @math {
      qeff.adapter_lora "layers.0.q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
    }
    %y = qeff.linear %x, %w module(<"layers.0.q_proj">)
    // becomes
    %0 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64}
    %y = qeff.linear %x, %0 module(<"layers.0.q_proj">)
    ```

    `swap` makes arguments of the low-rank pairs, for `max-lora-rank` ranks, and
    puts a `qeff.lora` behind each op of a target. Targets are the modules of
    all adapters; without adapters, all linear modules.

    ```mlir
    func.func @main(%x: …) -> … {
    // becomes
    func.func @main(%x: …,
        %a: tensor<8x16xf32> {qeff.adapter, qeff.name = "base_model.model.layers.0.q_proj.lora_A.weight", qeff.state = "base_model.model.layers.0.q_proj.lora_A.weight_RetainedState"},
        %b: tensor<24x8xf32> {qeff.adapter, qeff.name = "base_model.model.layers.0.q_proj.lora_B.weight", qeff.state = "base_model.model.layers.0.q_proj.lora_B.weight_RetainedState"},
        %s: tensor<1xf32> {qeff.adapter, qeff.name = "layers.0.q_proj.lora_scaling"}) -> … {
      %y = qeff.linear %x, %w module(<"layers.0.q_proj">)
      %0 = qeff.lora %x, %y, %a, %b, %s
    ```

    Needs: adapters that fit the model's modules; for `swap`, low-rank pairs of
    linear modules alone. Leaves: no `qeff.adapter`.
  }];
  let options = [
    Option<"mode", "mode", "std::string", "\"merge\"", "merge or swap">,
    Option<"maxLoRARank", "max-lora-rank", "int64_t", "0",
           "Ranks of an adapter that is set while running; 0: the largest of "
           "the module's adapters">
  ];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def InsertConcatCachePass
    : Pass<"qeff-insert-concat-cache", "::mlir::ModuleOp"> {
  let summary = "Give a stateless function the caches that ONNX runtimes pass";
  let description = [{
    Canonical or adapted, before it becomes plain ONNX. Keys and values of
    earlier calls come in and all of them go out; which keys are tokens says an
    attention mask over both, and their positions are counted from it.

    ```mlir
    %a = qeff.attention %q, %k, %v, %pos, %pos {causal, …}
    // becomes
    %kp = …                 // where(attention_mask, cumsum(attention_mask) - 1, -1)
    %k1 = qeff.concat %past_key, %k {axis = 2}
    %v1 = qeff.concat %past_value, %v {axis = 2}
    %a = qeff.attention %q, %k1, %v1, %pos, %kp {causal, …}
    ```

    A function that is no decoder (no `position_ids`, or no causal attention)
    stays as it is.

    Needs: one public function; no attention with a `bias`. Leaves: the inputs
    `attention_mask` and, layer by layer, `past_key_values.N.key` and
    `past_key_values.N.value`, and the results `present.N.key` and
    `present.N.value` after the logits. Adapters' arguments and results stay
    last.
  }];
  let dependentDialects = ["::qeff::QEffDialect",
                           "::qeff::onnxir::ONNXIRDialect"];
}

def InsertKVCachePass : Pass<"qeff-insert-kv-cache", "::mlir::ModuleOp"> {
  let summary = "Give a stateless function a KV cache";
  let description = [{
    Canonical to stateful. Each `qeff.attention` of the public function whose
    keys and key positions belong to this call gets a pair of states
    `past_key.N`, `past_value.N` of shape [batch_size, G, ctx_len, D]: keys and
    values are written at their positions and read back by slot, and kv_pos
    becomes the positions that the slots hold. The last hidden state of each row
    is selected before the final projection, so that the function returns
    [batch_size, 1, vocab].

    ```mlir
    %a = qeff.attention %q, %k, %v, %pos, %pos {causal, …}
    // becomes
    %k1 = qeff.cache_write %past_key[%pos], %k
    %v1 = qeff.cache_write %past_value[%pos], %v
    %kp = qeff.cache_positions %pos {slots = @ctx_len}
    %kc = qeff.cache_read %k1[%kp]
    %vc = qeff.cache_read %v1[%kp]
    %a = qeff.attention %q, %kc, %vc, %pos, %kp {causal, …}
    ```

    A function that is no decoder (no `position_ids`, or no causal attention)
    stays as it is.

    Needs: one public function; a decoder has the input `input_ids` too, and no
    attention with a `bias`. Leaves: every state with one writer, returned as
    `past_key.N_RetainedState` and `past_value.N_RetainedState`, after the
    logits, layer by layer, key before value. Adapters' arguments and results
    stay last.
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def SpecializePass : Pass<"qeff-specialize", "::mlir::ModuleOp"> {
  let summary = "Clone the public function with static shapes";
  let description = [{
    Stateful or tuned to specialized. The public function is cloned once per
    entry of the module's `qeff.specializations`, under the entry's name; every
    named dim becomes its value there, and every type in the clone static. The
    original function goes away.

    ```mlir
    module attributes {qeff.specializations = [#qeff.spec<"decode", {batch_size = 1 : i64, seq_len = 1 : i64, ctx_len = 64 : i64}>]} {
      func.func @main(%ids: tensor<?x?xi64> {qeff.dims = [@batch_size, @seq_len], …}, …)
    // becomes
      func.func @decode(%ids: tensor<1x1xi64> {…}, …)
    ```

    Needs: one public function; `qeff.dims` on every argument with a dynamic
    size; a value for every dim in every specialization. Leaves: static types
    alone in the functions.
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def ClipFP16Pass : Pass<"qeff-clip-fp16", "::mlir::ModuleOp"> {
  let summary = "Limit weights that become f16 to its range";
  let description = [{
    Puts a `qeff.clip` to ±65504, the largest finite f16, before each cast to
    f16 of a weight whose stored type holds larger numbers (f32, bf16, decoded
    blocks): larger values would become infinite. Values in range do not change,
    −∞ stays (mask constants), a NaN stays, and +∞ becomes 65504. Activations,
    weights that are clipped already and constants in range are left alone. bf16
    is clipped as f32, since it has no 65504.

    ```mlir
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %0 = qeff.cast %w : tensor<8x8xf32> -> tensor<8x8xf16>
    // becomes
    %1 = qeff.clip %w {keep_negative_infinity, max = 6.550400e+04 : f64, min = -6.550400e+04 : f64} : tensor<8x8xf32>
    %0 = qeff.cast %1 : tensor<8x8xf32> -> tensor<8x8xf16>
    ```

    Needs: nothing. Leaves: no cast of a weight to f16 that overflows.
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

def OutlineWeightsPass : Pass<"qeff-outline-weights", "::mlir::ModuleOp"> {
  let summary = "Make weight-only subgraphs symbols";
  let description = [{
    Each value that lazy ops compute from weights and constants alone and that
    something else uses becomes a `qeff.weight_expr`: named after its first
    weight and its last op, with a content key, one for equal keys. Its uses
    become `qeff.weight_ref`. Bare references and constants stay.

    ```mlir
    %w = qeff.weight_ref @q : tensor<4x8xf32>
    %0 = qeff.transpose %w [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
    // becomes
    qeff.weight_expr "private" @q.transpose : tensor<8x4xf32> attributes {key = "…"} {
      %q = qeff.weight_ref @q : tensor<4x8xf32>
      %1 = qeff.transpose %q [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
      qeff.yield %1 : tensor<8x4xf32>
    }
    %0 = qeff.weight_ref @q.transpose : tensor<8x4xf32>
    ```

    Needs: expressions that do not refer to themselves. Leaves: no lazy op on
    weights outside of weight expressions.
  }];
  let dependentDialects = ["::qeff::QEffDialect"];
}

#endif // QEFF_TRANSFORMS_PASSES_TD
