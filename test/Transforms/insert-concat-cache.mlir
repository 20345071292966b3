// RUN: qeff-opt %s --qeff-insert-concat-cache --split-input-file | FileCheck %s

// Keys and values of earlier calls come first; the mask says which are tokens.
// CHECK: qeff.dim @past_length
// CHECK: qeff.dim @"past_length + seq_len"
// CHECK: func.func @main
// CHECK-SAME: %[[IDS:[a-z0-9]+]]: tensor<?x?xi64>
// CHECK-SAME: %[[POS:[a-z0-9]+]]: tensor<?x?xi64>
// CHECK-SAME: %[[MASK:[a-z0-9]+]]: tensor<?x?xi64> {qeff.dims = [@batch_size, @"past_length + seq_len"], qeff.name = "attention_mask"}
// CHECK-SAME: %[[KEY:[a-z0-9]+]]: tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @past_length, 8], qeff.name = "past_key_values.0.key", qeff.state = "present.0.key"}
// CHECK-SAME: %[[VALUE:[a-z0-9]+]]: tensor<?x2x?x8xf32>
// CHECK-SAME: "past_key_values.0.value"
// CHECK-SAME: tensor<?x4x?x8xf32> {qeff.name = "logits"}
// CHECK-SAME: "present.0.key"
// CHECK-SAME: "present.0.value"
// CHECK: %[[SUM:.+]] = onnxir.node "CumSum"(%[[MASK]], %
// CHECK: %[[NUMBERS:.+]] = onnxir.node "Sub"(%[[SUM]], %
// CHECK: %[[HIDDEN:.+]] = onnxir.node "Equal"(%[[MASK]], %
// CHECK: %[[KEYS:.+]] = onnxir.node "Where"(%[[HIDDEN]], %{{.+}}, %[[NUMBERS]])
// CHECK: %[[K:.+]] = qeff.concat %[[KEY]], %{{.+}} {axis = 2 : i64}
// CHECK: %[[V:.+]] = qeff.concat %[[VALUE]], %{{.+}} {axis = 2 : i64}
// CHECK: %[[A:.+]] = qeff.attention %{{.+}}, %[[K]], %[[V]], %[[POS]], %[[KEYS]]
// CHECK: return %[[A]], %[[K]], %[[V]]
module {
  qeff.dim @batch_size
  qeff.dim @seq_len
  func.func @main(
      %ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]},
      %pos: tensor<?x?xi64> {qeff.name = "position_ids", qeff.dims = [@batch_size, @seq_len]},
      %q: tensor<?x4x?x8xf32>, %k: tensor<?x2x?x8xf32>) -> (tensor<?x4x?x8xf32> {qeff.name = "logits"}) {
    %a = qeff.attention %q, %k, %k, %pos, %pos {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    return %a : tensor<?x4x?x8xf32>
  }
}

// -----

// An encoder stays as it is.
// CHECK-LABEL: func.func @encoder
// CHECK-NOT: qeff.concat
module {
  func.func @encoder(%q: tensor<?x4x?x8xf32>, %pos: tensor<?x?xi64> {qeff.name = "mask"}) -> tensor<?x4x?x8xf32> {
    %a = qeff.attention %q, %q, %q, %pos, %pos {scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    return %a : tensor<?x4x?x8xf32>
  }
}
