// RUN: qeff-opt %s --convert-qeff-to-onnxir --split-input-file | FileCheck %s

// Table rows come from the longest specialization; both ropes read the same
// rows of the same tables.
module attributes {qeff.specializations = [#qeff.spec<"prefill", {batch_size = 1 : i64, ctx_len = 48 : i64, seq_len = 8 : i64}>]} {
  // CHECK-LABEL: func.func @half
  func.func @half(%q: tensor<?x4x?x8xf32> {qeff.name = "q"}, %pos: tensor<?x?xi64> {qeff.name = "pos"})
      -> (tensor<?x4x?x8xf32> {qeff.name = "y"}) {
    // CHECK: %[[T:.+]] = qeff.rope_table {max_position = 64 : i64, theta = 1.000000e+04 : f64} : tensor<48x8xf32>
    // CHECK: %[[C:.+]] = qeff.slice %[[T]] [0, 0] : tensor<48x8xf32> -> tensor<48x4xf32>
    // CHECK: %[[CC:.+]] = qeff.concat %[[C]], %[[C]] {axis = 1 : i64}
    // CHECK: %[[COS:.+]] = onnxir.weight "rotary_emb.cos" %[[CC]]
    // CHECK: %[[G:.+]] = onnxir.node "Gather"(%[[COS]], %arg1) since 13 name("/rotary_emb/Gather")
    // CHECK: onnxir.node "Unsqueeze"(%[[G]], %{{.+}}) {{.*}} -> tensor<?x1x?x8xf32>
    // CHECK: onnxir.weight "rotary_emb.sin"
    // CHECK-NOT: onnxir.weight
    // CHECK: %[[LOW:.+]] = onnxir.node "Slice"
    // CHECK: %[[HIGH:.+]] = onnxir.node "Slice"
    // CHECK: %[[NEG:.+]] = onnxir.node "Neg"(%[[HIGH]])
    // CHECK: %[[P:.+]] = onnxir.node "Concat"(%[[NEG]], %[[LOW]])
    // CHECK-DAG: onnxir.node "Mul"(%[[P]], %{{.+}})
    // CHECK-DAG: onnxir.node "Mul"(%arg0, %{{.+}})
    // CHECK: onnxir.node "Add"
    // CHECK-NOT: onnxir.weight
    %0 = qeff.rope %q, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
    %1 = qeff.rope %0, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
    return %1 : tensor<?x4x?x8xf32>
  }
}

// -----

// Without specializations the tables have a row per position of the model. A
// part of the channels is rotated, pairs side by side.
// CHECK-LABEL: func.func @interleaved
func.func @interleaved(%q: tensor<?x4x?x8xf32> {qeff.name = "q"}, %pos: tensor<?x?xi64> {qeff.name = "pos"})
    -> (tensor<?x4x?x8xf32> {qeff.name = "y"}) {
  // CHECK: qeff.rope_table {{.*}} : tensor<64x4xf32>
  // CHECK: qeff.reshape %{{.+}} : tensor<64x2xf32> -> tensor<64x2x1xf32>
  // CHECK: qeff.concat {{.*}} -> tensor<64x2x2xf32>
  // CHECK: qeff.reshape %{{.+}} : tensor<64x2x2xf32> -> tensor<64x4xf32>
  // CHECK: onnxir.node "Slice"(%arg0, {{.*}} -> tensor<?x4x?x4xf32>
  // CHECK: onnxir.node "Slice"({{.*}} -> tensor<?x4x?x2xf32>
  // CHECK: onnxir.node "Reshape"({{.*}} -> tensor<?x4x?x4xf32>
  // CHECK: onnxir.node "Slice"(%arg0, {{.*}} -> tensor<?x4x?x4xf32>
  // CHECK: onnxir.node "Concat"({{.*}} -> tensor<?x4x?x8xf32>
  %0 = qeff.rope %q, %pos {max_position = 64 : i64, rotary_dim = 4 : i64, style = #qeff.rope_style<interleaved>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
  return %0 : tensor<?x4x?x8xf32>
}
