// RUN: qeff-opt %s --qeff-insert-kv-cache | FileCheck %s

// Adapters stay behind the states, as arguments and as results, and the last
// position is selected in front of the head and the low-rank path beside it.

module {
  qeff.dim @batch_size
  qeff.dim @seq_len

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[H:[a-z0-9]+]]: tensor<32x32xf32>, %{{[a-z0-9]+}}: tensor<?x2x?x16xf32> {{{[^}]*}}qeff.name = "past_key.0"
  // CHECK-SAME: qeff.name = "past_value.0"
  // CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<8x32xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_A.weight"
  // CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<32x8xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_B.weight"
  // CHECK-SAME: %[[S:[a-z0-9]+]]: tensor<1xf32> {qeff.adapter, qeff.name = "lm_head.lora_scaling"}
  // CHECK-SAME: -> (tensor<?x1x32xf32> {{{[^}]*}}qeff.name = "logits"}
  // CHECK-SAME: qeff.name = "past_key.0_RetainedState"
  // CHECK-SAME: qeff.name = "past_value.0_RetainedState"
  // CHECK-SAME: tensor<8x32xf32> {qeff.name = "base_model.model.lm_head.lora_A.weight_RetainedState"}
  // CHECK-SAME: tensor<32x8xf32> {qeff.name = "base_model.model.lm_head.lora_B.weight_RetainedState"}
  func.func @main(
      %ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]},
      %pos: tensor<?x?xi64> {qeff.name = "position_ids", qeff.dims = [@batch_size, @seq_len]},
      %table: tensor<32x32xf32>,
      %a: tensor<8x32xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_A.weight", qeff.state = "base_model.model.lm_head.lora_A.weight_RetainedState"},
      %b: tensor<32x8xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_B.weight", qeff.state = "base_model.model.lm_head.lora_B.weight_RetainedState"},
      %t: tensor<1xf32> {qeff.adapter, qeff.name = "lm_head.lora_scaling"})
      -> (tensor<?x?x32xf32> {qeff.name = "logits", qeff.dims = [@batch_size, @seq_len, 32]},
          tensor<8x32xf32> {qeff.name = "base_model.model.lm_head.lora_A.weight_RetainedState"},
          tensor<32x8xf32> {qeff.name = "base_model.model.lm_head.lora_B.weight_RetainedState"}) {
    %x = qeff.embedding %ids, %table : (tensor<?x?xi64>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
    %q = qeff.split_heads %x : tensor<?x?x32xf32> -> tensor<?x2x?x16xf32>
    // CHECK: %[[KEYS:.+]] = qeff.cache_write
    // CHECK: %[[VALUES:.+]] = qeff.cache_write
    %h = qeff.attention %q, %q, %q, %pos, %pos {causal, scale = 0.5 : f64}
        : (tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x2x?x16xf32>
    // CHECK: %[[M:.+]] = qeff.merge_heads
    // CHECK-NEXT: %[[LAST:.+]] = qeff.logits_select %[[M]]
    %m = qeff.merge_heads %h : tensor<?x2x?x16xf32> -> tensor<?x?x32xf32>
    // CHECK-NEXT: %[[HEAD:.+]] = qeff.linear %[[LAST]], %[[H]] : {{.*}} -> tensor<?x1x32xf32>
    // CHECK-NEXT: %[[L:.+]] = qeff.lora %[[LAST]], %[[HEAD]], %[[A]], %[[B]], %[[S]] : {{.*}} -> tensor<?x1x32xf32>
    // CHECK-NEXT: return %[[L]], %[[KEYS]], %[[VALUES]], %[[A]], %[[B]]
    %0 = qeff.linear %m, %table : (tensor<?x?x32xf32>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
    %l = qeff.lora %m, %0, %a, %b, %t : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<8x32xf32>, tensor<32x8xf32>, tensor<1xf32>) -> tensor<?x?x32xf32>
    return %l, %a, %b : tensor<?x?x32xf32>, tensor<8x32xf32>, tensor<32x8xf32>
  }
}
