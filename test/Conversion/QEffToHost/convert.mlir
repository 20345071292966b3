// RUN: qeff-opt %s --qeff-insert-kv-cache --qeff-specialize --convert-qeff-to-host=mcpu=x86-64-v3 | FileCheck %s

// Two layers of a Llama, C = 32, 4 heads on 2, with tied embeddings: kernels by
// shape, launches over one arena, states in place, weights once.

// CHECK: module attributes {{{.*}}qeff.phase = #qeff.phase<host>{{.*}}qeff_host.cpu = "x86-64-v3"}
module attributes {qeff.max_position = 64 : i64, qeff.phase = #qeff.phase<canonical>,
    qeff.specializations = [
      #qeff.spec<"prefill", {batch_size = 1 : i64, ctx_len = 40 : i64, seq_len = 8 : i64}>,
      #qeff.spec<"decode", {batch_size = 1 : i64, ctx_len = 40 : i64, seq_len = 1 : i64}>]} {
  qeff.dim @batch_size
  qeff.dim @seq_len {max = 64 : i64}
  qeff.file "private" @shard "model.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @embed file(@shard) {offset = 0 : i64} : tensor<40x32xbf16>
  qeff.weight "private" @norm file(@shard) {offset = 4096 : i64} : tensor<32xbf16>
  qeff.weight "private" @q file(@shard) {offset = 8192 : i64} : tensor<32x32xbf16>
  qeff.weight "private" @k file(@shard) {offset = 12288 : i64} : tensor<16x32xbf16>
  qeff.weight "private" @v file(@shard) {offset = 16384 : i64} : tensor<16x32xbf16>
  qeff.weight "private" @bias file(@shard) {offset = 20480 : i64} : tensor<16xbf16>

  // The keys' slots are padded to a multiple of 16: 2 · 48 · 8 floats.
  // CHECK-DAG: qeff_host.state @past_key.0 : tensor<1x2x40x8xf32> layout bhc_16dc at(0)
  // CHECK-DAG: qeff_host.state @past_value.0 : tensor<1x2x40x8xf32> layout bhcd at(3072)
  // CHECK-DAG: qeff_host.state @past_key.1 : tensor<1x2x40x8xf32> layout bhc_16dc at(5632)
  // CHECK-DAG: qeff_host.state @past_value.1 : tensor<1x2x40x8xf32> layout bhcd at(8704)

  // One packed table for the embedding and the output projection, one norm, one
  // rope table, shared by layers and functions.
  // CHECK: qeff_host.weights {
  // CHECK: %[[E:.+]] = qeff.weight_ref @embed
  // CHECK: %[[P:.+]] = qeff_host.pack %[[E]] : tensor<40x32xbf16> -> tensor<2x32x32xbf16>
  // CHECK: qeff_host.place %[[P]] at([[$EMBED:[0-9]+]]) : tensor<2x32x32xbf16>
  // CHECK-NOT: @embed
  // CHECK: %[[N:.+]] = qeff.cast %{{.+}} : tensor<32xbf16> -> tensor<32xf32>
  // CHECK: qeff_host.place %[[N]] at([[$NORM:[0-9]+]]) : tensor<32xf32>
  // CHECK: %[[ROPE:.+]] = qeff.rope_table {max_position = 64 : i64, theta = 1.000000e+04 : f64} : tensor<40x8xf32>
  // CHECK: qeff_host.place %[[ROPE]] at([[$TABLE:[0-9]+]]) : tensor<40x8xf32>
  // CHECK-NOT: qeff.rope_table

  // CHECK-LABEL: qeff_host.function @prefill
  // CHECK-SAME: dims {batch_size = 1 : i64, ctx_len = 40 : i64, seq_len = 8 : i64}
  // CHECK-SAME: inputs [#qeff_host.io<"input_ids", tensor<1x8xi64> at 0>, #qeff_host.io<"position_ids", tensor<1x8xi64> at 64>]
  // CHECK-SAME: outputs [#qeff_host.io<"logits", tensor<1x1x40xf32> at 128>]
  // CHECK-NEXT: launch @embedding{{.*}} (io + 0, weights + [[$EMBED]], arena + [[X:[0-9]+]]) {{.*}} scope("embed_tokens")
  // CHECK-NEXT: launch @rms_norm{{.*}} (arena + [[X]], weights + [[$NORM]], arena + [[H:[0-9]+]])
  // CHECK-NEXT: launch @linear{{.*}} (arena + [[H]], weights + [[Q:[0-9]+]], arena + [[QB:[0-9]+]]) {{.*}} scope("layers.0.self_attn.q_proj")
  // CHECK-NEXT: launch @linear{{.*}} (arena + [[H]], weights + [[K:[0-9]+]], weights + {{[0-9]+}}, arena + [[KB:[0-9]+]])
  // CHECK-NEXT: launch @linear{{.*}} (arena + [[H]], weights + [[V:[0-9]+]], arena + [[VB:[0-9]+]])
  // Rope in place, through the view that splits the heads.
  // CHECK-NEXT: launch @rope{{.*}} (arena + [[QB]], io + 64, weights + [[$TABLE]], arena + [[QB]])
  // CHECK-NEXT: launch @rope{{.*}} (arena + [[KB]], io + 64, weights + [[$TABLE]], arena + [[KB]])
  // CHECK-NEXT: launch @cache_write{{.*}} (arena + [[KB]], io + 64, state + 0)
  // CHECK-NEXT: launch @cache_write{{.*}} (arena + [[VB]], io + 64, state + 3072)
  // CHECK-NEXT: launch @attention{{.*}} (arena + [[QB]], state + 0, state + 3072, io + 64, arena + {{[0-9]+}}) bytes(5632)
  // CHECK-NEXT: launch @linear{{.*}} scope("layers.0.self_attn.o_proj")
  // CHECK-NEXT: launch @add{{.*}} (arena + [[X]], arena + {{[0-9]+}}, arena + [[X]])
  // CHECK: launch @attention{{.*}} (arena + {{[0-9]+}}, state + 5632, state + 8704, io + 64, arena + [[A:[0-9]+]])
  // What follows the last attention runs on the last position alone.
  // CHECK-NEXT: launch @logits_select{{.*}} (arena + {{[0-9]+}}, io + 64, arena + {{[0-9]+}})
  // CHECK-NEXT: launch @linear_1x{{.*}} scope("layers.1.self_attn.o_proj")
  // CHECK: launch @linear_1x{{.*}} (arena + {{[0-9]+}}, weights + [[$EMBED]], io + 128) {{.*}} scope("lm_head")
  // CHECK-NEXT: }

  // CHECK-LABEL: qeff_host.function @decode
  // CHECK-NEXT: launch @embedding{{.*}} (io + 0, weights + [[$EMBED]], arena + {{[0-9]+}})
  // CHECK-NOT: logits_select
  // CHECK: launch @cache_write{{.*}} state + 8704)
  // CHECK-NOT: func.func @
  func.func @main(
      %ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]},
      %pos: tensor<?x?xi64> {qeff.name = "position_ids", qeff.dims = [@batch_size, @seq_len]})
      -> (tensor<?x?x40xf32> {qeff.name = "logits", qeff.dims = [@batch_size, @seq_len, 40]}) {
    %embed = qeff.weight_ref @embed : tensor<40x32xbf16>
    %norm = qeff.weight_ref @norm : tensor<32xbf16>
    %wq = qeff.weight_ref @q : tensor<32x32xbf16>
    %wk = qeff.weight_ref @k : tensor<16x32xbf16>
    %wv = qeff.weight_ref @v : tensor<16x32xbf16>
    %bias = qeff.weight_ref @bias : tensor<16xbf16>
    %x0 = qeff.embedding %ids, %embed scope("embed_tokens") : (tensor<?x?xi64>, tensor<40x32xbf16>) -> tensor<?x?x32xf32>

    %h0 = qeff.rms_norm %x0, %norm {eps = 1.0e-5 : f64} : tensor<?x?x32xf32>, tensor<32xbf16>
    %q0 = qeff.linear %h0, %wq scope("layers.0.self_attn.q_proj") : (tensor<?x?x32xf32>, tensor<32x32xbf16>) -> tensor<?x?x32xf32>
    %k0 = qeff.linear %h0, %wk, %bias scope("layers.0.self_attn.k_proj") : (tensor<?x?x32xf32>, tensor<16x32xbf16>, tensor<16xbf16>) -> tensor<?x?x16xf32>
    %v0 = qeff.linear %h0, %wv scope("layers.0.self_attn.v_proj") : (tensor<?x?x32xf32>, tensor<16x32xbf16>) -> tensor<?x?x16xf32>
    %qh0 = qeff.split_heads %q0 : tensor<?x?x32xf32> -> tensor<?x4x?x8xf32>
    %kh0 = qeff.split_heads %k0 : tensor<?x?x16xf32> -> tensor<?x2x?x8xf32>
    %vh0 = qeff.split_heads %v0 : tensor<?x?x16xf32> -> tensor<?x2x?x8xf32>
    %qr0 = qeff.rope %qh0, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
    %kr0 = qeff.rope %kh0, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<?x2x?x8xf32>, tensor<?x?xi64>
    %a0 = qeff.attention %qr0, %kr0, %vh0, %pos, %pos scope("layers.0.self_attn") {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    %m0 = qeff.merge_heads %a0 : tensor<?x4x?x8xf32> -> tensor<?x?x32xf32>
    %o0 = qeff.linear %m0, %wq scope("layers.0.self_attn.o_proj") : (tensor<?x?x32xf32>, tensor<32x32xbf16>) -> tensor<?x?x32xf32>
    %x1 = qeff.add %x0, %o0 : tensor<?x?x32xf32>

    %h1 = qeff.rms_norm %x1, %norm {eps = 1.0e-5 : f64} : tensor<?x?x32xf32>, tensor<32xbf16>
    %q1 = qeff.linear %h1, %wq scope("layers.1.self_attn.q_proj") : (tensor<?x?x32xf32>, tensor<32x32xbf16>) -> tensor<?x?x32xf32>
    %k1 = qeff.linear %h1, %wk scope("layers.1.self_attn.k_proj") : (tensor<?x?x32xf32>, tensor<16x32xbf16>) -> tensor<?x?x16xf32>
    %v1 = qeff.linear %h1, %wv scope("layers.1.self_attn.v_proj") : (tensor<?x?x32xf32>, tensor<16x32xbf16>) -> tensor<?x?x16xf32>
    %qh1 = qeff.split_heads %q1 : tensor<?x?x32xf32> -> tensor<?x4x?x8xf32>
    %kh1 = qeff.split_heads %k1 : tensor<?x?x16xf32> -> tensor<?x2x?x8xf32>
    %vh1 = qeff.split_heads %v1 : tensor<?x?x16xf32> -> tensor<?x2x?x8xf32>
    %a1 = qeff.attention %qh1, %kh1, %vh1, %pos, %pos scope("layers.1.self_attn") {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    %m1 = qeff.merge_heads %a1 : tensor<?x4x?x8xf32> -> tensor<?x?x32xf32>
    %o1 = qeff.linear %m1, %wq scope("layers.1.self_attn.o_proj") : (tensor<?x?x32xf32>, tensor<32x32xbf16>) -> tensor<?x?x32xf32>
    %x2 = qeff.add %x1, %o1 : tensor<?x?x32xf32>
    %xn = qeff.rms_norm %x2, %norm {eps = 1.0e-5 : f64} : tensor<?x?x32xf32>, tensor<32xbf16>
    %l = qeff.linear %xn, %embed scope("lm_head") : (tensor<?x?x32xf32>, tensor<40x32xbf16>) -> tensor<?x?x40xf32>
    return %l : tensor<?x?x40xf32>
  }
}
