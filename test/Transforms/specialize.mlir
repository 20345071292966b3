// RUN: qeff-opt %s --qeff-insert-kv-cache --qeff-specialize | FileCheck %s

// The public function is cloned per specialization; every `?` becomes the
// value of its dim, through every op.

// CHECK: module attributes {qeff.max_position = 64 : i64, qeff.phase = #qeff.phase<specialized>
module attributes {qeff.max_position = 64 : i64, qeff.phase = #qeff.phase<canonical>,
    qeff.specializations = [
      #qeff.spec<"prefill", {batch_size = 2 : i64, ctx_len = 40 : i64, seq_len = 4 : i64}>,
      #qeff.spec<"decode", {batch_size = 2 : i64, ctx_len = 40 : i64, seq_len = 1 : i64}>]} {
  qeff.dim @batch_size
  qeff.dim @seq_len {max = 64 : i64}

  // CHECK-NOT: func.func @main
  // CHECK-LABEL: func.func @prefill
  // CHECK-SAME: %{{[a-z0-9]+}}: tensor<2x4xi64> {qeff.dims = [@batch_size, @seq_len], qeff.name = "input_ids"}
  // CHECK-SAME: tensor<2x2x40x8xf32> {{{.*}}qeff.name = "past_key.0", qeff.state = "past_key.0_RetainedState"}
  // CHECK-SAME: -> (tensor<2x1x32xf32> {qeff.dims = [@batch_size, 1, 32], qeff.name = "logits"}
  // CHECK-SAME: tensor<2x2x40x8xf32> {
  // CHECK: qeff.cache_positions {{.*}} : tensor<2x4xi64> -> tensor<2x40xi64>
  // CHECK: qeff.embedding {{.*}} -> tensor<2x4x32xf32>
  // CHECK: qeff.linear {{.*}} -> tensor<2x4x16xf32>
  // CHECK: qeff.slice {{.*}} : tensor<2x4x16xf32> -> tensor<2x4x8xf32>
  // CHECK: qeff.concat {{.*}} -> tensor<2x4x16xf32>
  // CHECK: qeff.clip {{.*}} : tensor<2x4x16xf32>
  // CHECK: qeff.split_heads {{.*}} -> tensor<2x4x4x8xf32>
  // CHECK: qeff.split_heads {{.*}} -> tensor<2x2x4x8xf32>
  // CHECK: qeff.rope {{.*}} : tensor<2x4x4x8xf32>, tensor<2x4xi64>
  // CHECK: qeff.cache_write {{.*}} : tensor<2x2x40x8xf32>, tensor<2x4xi64>, tensor<2x2x4x8xf32>
  // CHECK: qeff.cache_read {{.*}} : tensor<2x2x40x8xf32>, tensor<2x40xi64>
  // CHECK: qeff.attention {{.*}} -> tensor<2x4x4x8xf32>
  // CHECK: qeff.merge_heads {{.*}} -> tensor<2x4x32xf32>
  // CHECK: qeff.logits_select {{.*}} -> tensor<2x1x32xf32>
  // CHECK: qeff.rms_norm {{.*}} : tensor<2x1x32xf32>
  // CHECK: return {{.*}} : tensor<2x1x32xf32>, tensor<2x2x40x8xf32>, tensor<2x2x40x8xf32>
  // CHECK-LABEL: func.func @decode
  // CHECK-SAME: tensor<2x1xi64>
  // CHECK-NOT: ?
  func.func @main(
      %ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]},
      %pos: tensor<?x?xi64> {qeff.name = "position_ids", qeff.dims = [@batch_size, @seq_len]},
      %table: tensor<32x32xf32>, %wkv: tensor<16x32xf32>, %norm: tensor<32xf32>)
      -> (tensor<?x?x32xf32> {qeff.name = "logits", qeff.dims = [@batch_size, @seq_len, 32]}) {
    %x = qeff.embedding %ids, %table : (tensor<?x?xi64>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
    %kv0 = qeff.linear %x, %wkv : (tensor<?x?x32xf32>, tensor<16x32xf32>) -> tensor<?x?x16xf32>
    %half = qeff.slice %kv0 [0, 0, 8] : tensor<?x?x16xf32> -> tensor<?x?x8xf32>
    %kv1 = qeff.concat %half, %half {axis = 2 : i64} : tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x16xf32>
    %kv = qeff.clip %kv1 {max = 8.0 : f64, min = -8.0 : f64} : tensor<?x?x16xf32>
    %q = qeff.split_heads %x : tensor<?x?x32xf32> -> tensor<?x4x?x8xf32>
    %k = qeff.split_heads %kv : tensor<?x?x16xf32> -> tensor<?x2x?x8xf32>
    %qr = qeff.rope %q, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
    %a = qeff.attention %qr, %k, %k, %pos, %pos scope("layers.0.self_attn") {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    %m = qeff.merge_heads %a : tensor<?x4x?x8xf32> -> tensor<?x?x32xf32>
    %s = qeff.add %x, %m : tensor<?x?x32xf32>
    %n = qeff.rms_norm %s, %norm {eps = 1.0e-5 : f64} : tensor<?x?x32xf32>, tensor<32xf32>
    %l = qeff.linear %n, %table : (tensor<?x?x32xf32>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
    return %l : tensor<?x?x32xf32>
  }
}
