// RUN: qeff-opt %s --convert-qeff-to-onnxir | FileCheck %s

// Of heads, as of hidden states: the last axis.
// CHECK-LABEL: func.func @heads
func.func @heads(%x: tensor<?x4x?x8xf32> {qeff.name = "x"}) -> (tensor<?x4x?x8xf32> {qeff.name = "y"}) {
  // CHECK: onnxir.node "com.qti.aisw.onnx::CustomRMSNorm"(%arg0, %{{.+}}) {{.*}} -> tensor<?x4x?x8xf32>
  // CHECK: onnxir.node "LayerNormalization"({{.*}}) {{.*}}attrs {axis = -1 : i64, {{.*}} -> tensor<?x4x?x8xf32>
  %w = arith.constant dense<1.5> : tensor<8xf32>
  %0 = qeff.rms_norm %x, %w {eps = 1.0e-6 : f64} : tensor<?x4x?x8xf32>, tensor<8xf32>
  %1 = qeff.layer_norm %0 weight(%w : tensor<8xf32>) {eps = 1.0e-5 : f64} : tensor<?x4x?x8xf32>
  return %1 : tensor<?x4x?x8xf32>
}
