// RUN: qeff-opt %s --convert-qeff-to-onnxir --split-input-file | FileCheck %s

// Stateless: keys of this call, hidden where padding or later.
// CHECK-LABEL: func.func @grouped
func.func @grouped(%q: tensor<?x4x?x8xf32> {qeff.name = "q"}, %kv: tensor<?x2x?x8xf32> {qeff.name = "kv"},
                   %pos: tensor<?x?xi64> {qeff.name = "pos"}) -> (tensor<?x4x?x8xf32> {qeff.name = "y"}) {
  // CHECK: onnxir.node "Less"(%[[KEYS:.+]], %{{.+}}) since 13 name("/attention_mask/Less") {{.*}} -> tensor<?x1x1x?xi1>
  // CHECK: onnxir.node "Greater"(%[[KEYS]], %{{.+}}) {{.*}} -> tensor<?x1x?x?xi1>
  // CHECK: %[[HIDDEN:.+]] = onnxir.node "Or"
  // CHECK: onnxir.node "Expand"({{.*}} -> tensor<?x2x2x?x8xf32>
  // CHECK: onnxir.node "Reshape"({{.*}} -> tensor<?x4x?x8xf32>
  // CHECK: onnxir.node "MatMul"(%{{.+}}, %{{.+}}) since 13 name("/layers.0/self_attn/MatMul")
  // CHECK: onnxir.node "Mul"
  // CHECK: onnxir.node "Where"(%[[HIDDEN]], %{{.+}}, %{{.+}}) since 16 name("/layers.0/self_attn/Where")
  // CHECK: onnxir.node "Softmax"
  // CHECK: onnxir.node "MatMul"
  %0 = qeff.attention %q, %kv, %kv, %pos, %pos scope("layers.0.self_attn") {causal, scale = 0.5 : f64}
      : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
  // A second layer builds no second mask.
  // CHECK-NOT: /attention_mask/
  // CHECK: onnxir.node "Where"(%[[HIDDEN]], %{{.+}}, %{{.+}}) since 16 name("/layers.1/self_attn/Where")
  %1 = qeff.attention %0, %kv, %kv, %pos, %pos scope("layers.1.self_attn") {causal, scale = 0.5 : f64}
      : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
  return %1 : tensor<?x4x?x8xf32>
}

// -----

// ALiBi, no grouping, not causal.
// CHECK-LABEL: func.func @alibi
func.func @alibi(%x: tensor<?x2x?x8xf32> {qeff.name = "x"}, %pos: tensor<?x?xi64> {qeff.name = "pos"})
    -> (tensor<?x2x?x8xf32> {qeff.name = "y"}) {
  // CHECK: %[[SLOPES:.+]] = onnxir.weight "alibi.slopes"
  // CHECK: onnxir.node "Sub"(%{{.+}}, %{{.+}}) since 14 name("/alibi/Sub")
  // CHECK: onnxir.node "Unsqueeze"(%[[SLOPES]], {{.*}} -> tensor<2x1x1xf32>
  // CHECK: %[[BIAS:.+]] = onnxir.node "Mul"({{.*}} -> tensor<?x2x?x?xf32>
  // CHECK-NOT: "Greater"
  // CHECK-NOT: "Expand"
  // CHECK: onnxir.node "Add"(%{{.+}}, %[[BIAS]])
  %slopes = arith.constant dense<[0.25, 0.0625]> : tensor<2xf32>
  %0 = qeff.attention %x, %x, %x, %pos, %pos slopes(%slopes) {scale = 0.5 : f64}
      : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>, tensor<2xf32>) -> tensor<?x2x?x8xf32>
  return %0 : tensor<?x2x?x8xf32>
}
