// RUN: qeff-opt %s --qeff-insert-kv-cache | FileCheck %s

// One attention gets a pair of states; keys, values and key positions are
// replaced; the last position is selected in front of the final norm.

// CHECK: module attributes {qeff.max_position = 64 : i64, qeff.phase = #qeff.phase<stateful>}
module attributes {qeff.max_position = 64 : i64, qeff.phase = #qeff.phase<canonical>} {
  qeff.dim @batch_size
  qeff.dim @seq_len {max = 64 : i64}
  // CHECK: qeff.dim @ctx_len {max = 64 : i64}

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[IDS:[a-z0-9]+]]: tensor<?x?xi64>
  // CHECK-SAME: %[[POS:[a-z0-9]+]]: tensor<?x?xi64>
  // CHECK-SAME: %[[PK:[a-z0-9]+]]: tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.name = "past_key.0", qeff.state = "past_key.0_RetainedState"}
  // CHECK-SAME: %[[PV:[a-z0-9]+]]: tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.name = "past_value.0", qeff.state = "past_value.0_RetainedState"}
  // CHECK-SAME: -> (tensor<?x1x32xf32> {qeff.dims = [@batch_size, 1, 32], qeff.name = "logits"}
  // CHECK-SAME: tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.name = "past_key.0_RetainedState"}
  // CHECK-SAME: tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.name = "past_value.0_RetainedState"}
  func.func @main(
      %ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]},
      %pos: tensor<?x?xi64> {qeff.name = "position_ids", qeff.dims = [@batch_size, @seq_len]},
      %table: tensor<32x32xf32>, %wkv: tensor<16x32xf32>, %norm: tensor<32xf32>)
      -> (tensor<?x?x32xf32> {qeff.name = "logits", qeff.dims = [@batch_size, @seq_len, 32]}) {
    // CHECK: %[[SLOTS:.+]] = qeff.cache_positions %[[POS]] {slots = @ctx_len}
    %x = qeff.embedding %ids, %table : (tensor<?x?xi64>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
    %kv = qeff.linear %x, %wkv : (tensor<?x?x32xf32>, tensor<16x32xf32>) -> tensor<?x?x16xf32>
    %q = qeff.split_heads %x : tensor<?x?x32xf32> -> tensor<?x4x?x8xf32>
    // CHECK: %[[K:.+]] = qeff.split_heads {{.*}} -> tensor<?x2x?x8xf32>
    %k = qeff.split_heads %kv : tensor<?x?x16xf32> -> tensor<?x2x?x8xf32>
    // CHECK: %[[K1:.+]] = qeff.cache_write %[[PK]][%[[POS]]], %[[K]] scope("layers.0.self_attn")
    // CHECK: %[[KC:.+]] = qeff.cache_read %[[K1]][%[[SLOTS]]]
    // CHECK: %[[V1:.+]] = qeff.cache_write %[[PV]][%[[POS]]], %[[K]]
    // CHECK: %[[VC:.+]] = qeff.cache_read %[[V1]][%[[SLOTS]]]
    // CHECK: qeff.attention %{{.+}}, %[[KC]], %[[VC]], %[[POS]], %[[SLOTS]] scope("layers.0.self_attn") {causal
    %a = qeff.attention %q, %k, %k, %pos, %pos scope("layers.0.self_attn") {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    %m = qeff.merge_heads %a : tensor<?x4x?x8xf32> -> tensor<?x?x32xf32>
    // CHECK: %[[SUM:.+]] = qeff.add
    %s = qeff.add %x, %m : tensor<?x?x32xf32>
    // CHECK: %[[LAST:.+]] = qeff.logits_select %[[SUM]], %[[POS]]
    // CHECK: %[[NORM:.+]] = qeff.rms_norm %[[LAST]]
    %n = qeff.rms_norm %s, %norm {eps = 1.0e-5 : f64} : tensor<?x?x32xf32>, tensor<32xf32>
    // CHECK: %[[LOGITS:.+]] = qeff.linear %[[NORM]]
    %l = qeff.linear %n, %table : (tensor<?x?x32xf32>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
    // CHECK: return %[[LOGITS]], %[[K1]], %[[V1]]
    return %l : tensor<?x?x32xf32>
  }
}
