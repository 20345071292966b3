// RUN: qeff-opt %s --qeff-to-stateful='ctx-len=64 prefill-seq-len=8' -o %t.stateful.mlir
// RUN: FileCheck %s < %t.stateful.mlir
// RUN: %plugin_opt --pass-pipeline='builtin.module(qeff-to-stateful{ctx-len=64 prefill-seq-len=8})' %s -o %t.plugin.mlir
// RUN: diff %t.stateful.mlir %t.plugin.mlir
// RUN: qeff-opt %s --qeff-to-specialized='ctx-len=64 prefill-seq-len=8' | FileCheck %s --check-prefix=SPECIALIZED
// RUN: qeff-opt %s --qeff-to-aic100='ctx-len=64 prefill-seq-len=8' | FileCheck %s --check-prefix=AIC100
// RUN: qeff-opt %s --qeff-to-host='ctx-len=64 prefill-seq-len=8' | FileCheck %s --check-prefix=HOST

// Each phase's pipeline starts at canonical; the stock mlir-opt with the plugin
// gives the same module.

// CHECK: qeff.phase = #qeff.phase<stateful>
// CHECK-SAME: #qeff.spec<"prefill", {batch_size = 1 : i64, ctx_len = 64 : i64, seq_len = 8 : i64}>
// SPECIALIZED: qeff.phase = #qeff.phase<specialized>
// SPECIALIZED: func.func @prefill
// SPECIALIZED: func.func @decode
// AIC100: qeff.phase = #qeff.phase<aic100>
// AIC100: onnxir.node "com.qualcomm.cloud::CtxScatter"
// HOST: qeff.phase = #qeff.phase<host>
// HOST: qeff_host.weights
// HOST: qeff_host.function @prefill
// HOST: qeff_host.function @decode
// HOST: qeff_host.launch @{{.+}} scope("lm_head")
module attributes {qeff.max_position = 64 : i64, qeff.phase = #qeff.phase<canonical>} {
  qeff.dim @batch_size
  qeff.dim @seq_len {max = 64 : i64}
  qeff.file "private" @f "model.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @embed file(@f) {offset = 0 : i64, scope = "model.embed_tokens.weight"} : tensor<32x32xf32>
  qeff.weight "private" @kv file(@f) {offset = 4096 : i64, scope = "model.layers.0.self_attn.k_proj.weight"} : tensor<16x32xf32>
  func.func @main(
      %ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]},
      %pos: tensor<?x?xi64> {qeff.name = "position_ids", qeff.dims = [@batch_size, @seq_len]})
      -> (tensor<?x?x32xf32> {qeff.name = "logits", qeff.dims = [@batch_size, @seq_len, 32]}) {
    %table = qeff.weight_ref @embed : tensor<32x32xf32>
    %wkv = qeff.weight_ref @kv : tensor<16x32xf32>
    %x = qeff.embedding %ids, %table scope("embed_tokens") : (tensor<?x?xi64>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
    %kv = qeff.linear %x, %wkv scope("layers.0.self_attn.k_proj") : (tensor<?x?x32xf32>, tensor<16x32xf32>) -> tensor<?x?x16xf32>
    %q = qeff.split_heads %x scope("layers.0.self_attn") : tensor<?x?x32xf32> -> tensor<?x4x?x8xf32>
    %k = qeff.split_heads %kv scope("layers.0.self_attn") : tensor<?x?x16xf32> -> tensor<?x2x?x8xf32>
    %a = qeff.attention %q, %k, %k, %pos, %pos scope("layers.0.self_attn") {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    %m = qeff.merge_heads %a scope("layers.0.self_attn") : tensor<?x4x?x8xf32> -> tensor<?x?x32xf32>
    %s = qeff.add %x, %m scope("layers.0") : tensor<?x?x32xf32>
    %l = qeff.linear %s, %table scope("lm_head") : (tensor<?x?x32xf32>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
    return %l : tensor<?x?x32xf32>
  }
}
