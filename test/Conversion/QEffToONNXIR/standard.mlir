// RUN: qeff-opt %s --convert-qeff-to-onnxir=standard | FileCheck %s
// RUN: qeff-opt %s --convert-qeff-to-onnxir='standard dtype=f16' | FileCheck %s --check-prefix=F16

// Operators of opset 23, no functions.
// CHECK: #onnxir.opset<"", 23>]
// CHECK-SAME: #qeff.phase<onnx>
// CHECK-NOT: onnxir.function
module attributes {qeff.phase = #qeff.phase<adapted>} {
  qeff.file "private" @file "w.bin" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@file) {offset = 0 : i64} : tensor<8xf32>

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[POS:[a-z0-9]+]]: tensor<?x?xi64>
  // F16-LABEL: func.func @main
  func.func @main(
      %q: tensor<?x4x?x8xf32> {qeff.name = "q"}, %k: tensor<?x2x?x8xf32> {qeff.name = "k"},
      %pos: tensor<?x?xi64> {qeff.name = "pos"}) -> (tensor<?x4x?x8xf32> {qeff.name = "y"}) {
    %w = qeff.weight_ref @w : tensor<8xf32>
    // CHECK: onnxir.node "RMSNormalization"(%{{.+}}, %{{.+}}) since 23 {{.*}}attrs {axis = -1 : i64, epsilon = 9.99999974E-6 : f32}
    // It sums in f32 whatever its type.
    // F16: onnxir.node "RMSNormalization"({{.*}} -> tensor<?x4x?x8xf16>
    %n = qeff.rms_norm %q, %w {eps = 1.0e-5 : f64} : tensor<?x4x?x8xf32>, tensor<8xf32>
    // Angles are computed, not looked up: positions have no end.
    // CHECK: %[[ANGLES:.+]] = onnxir.node "Mul"(%{{.+}}, %{{.+}}) {{.*}} -> tensor<?x?x4xf32>
    // CHECK: %[[COS:.+]] = onnxir.node "Cos"(%[[ANGLES]])
    // CHECK: %[[SIN:.+]] = onnxir.node "Sin"(%[[ANGLES]])
    // CHECK: onnxir.node "RotaryEmbedding"(%{{.+}}, %[[COS]], %[[SIN]]) since 23 {{.*}}attrs {interleaved = 0 : i64}
    // F16: onnxir.node "Cast"(%{{.+}}) {{.*}} -> tensor<?x?x4xf16>
    %r = qeff.rope %n, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
    // CHECK: onnxir.node "RotaryEmbedding"(%{{.+}}, %{{.+}}, %{{.+}}) since 23 {{.*}}attrs {interleaved = 1 : i64, rotary_embedding_dim = 4 : i64}
    %p = qeff.rope %k, %pos {max_position = 64 : i64, rotary_dim = 4 : i64, style = #qeff.rope_style<interleaved>, theta = 1.0e4 : f64} : tensor<?x2x?x8xf32>, tensor<?x?xi64>
    // CHECK: %[[VISIBLE:.+]] = onnxir.node "Not"
    // CHECK: onnxir.node "Attention"(%{{.+}}, %{{.+}}, %{{.+}}, %[[VISIBLE]]) since 23 {{.*}}attrs {scale = 5.000000e-01 : f32, softcap = 3.000000e+01 : f32}
    %a = qeff.attention %r, %p, %p, %pos, %pos {causal, scale = 0.5 : f64, softcap = 30.0 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    // A mask of keys alone gets a row for each query.
    // CHECK: %[[ROWS:.+]] = onnxir.node "Expand"(%{{.+}}, %{{.+}}) {{.*}} -> tensor<?x1x?x?xi1>
    // CHECK: onnxir.node "Attention"(%{{.+}}, %{{.+}}, %{{.+}}, %[[ROWS]])
    %b = qeff.attention %a, %a, %a, %pos, %pos {scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    return %b : tensor<?x4x?x8xf32>
  }
}
