// RUN: qeff-opt --split-input-file --qeff-raise-attention --canonicalize %s | FileCheck %s

// Two heads of two channels, a projection each, a causal mask by Trilu; the
// order of the heads' axes is undone.
// CHECK-LABEL: func.func @main
// CHECK-SAME: qeff.positions = false
// CHECK: %[[Q:.*]] = qeff.split_heads
// CHECK: %[[K:.*]] = qeff.split_heads
// CHECK: %[[V:.*]] = qeff.split_heads
// CHECK: %[[A:.*]] = qeff.attention %[[Q]], %[[K]], %[[V]], %[[P:.*]], %[[P]] {causal, scale = 5.000000e-01 : f64}
// CHECK: %[[M:.*]] = qeff.merge_heads %[[A]]
// CHECK: return %[[M]]
module {
  qeff.dim @b {min = 0 : i64}
  qeff.dim @s {min = 0 : i64}
  func.func @main(%ids: tensor<?x?xi64> {qeff.dims = [@b, @s]}, %table: tensor<9x4xf32>, %wq: tensor<4x4xf32>, %wk: tensor<4x4xf32>, %wv: tensor<4x4xf32>) -> tensor<?x?x4xf32> {
    %x = qeff.embedding %ids, %table : (tensor<?x?xi64>, tensor<9x4xf32>) -> tensor<?x?x4xf32>
    %q = qeff.linear %x, %wq : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %k = qeff.linear %x, %wk : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %v = qeff.linear %x, %wv : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %split = onnxir.initializer "split" dense<[0, 0, 2, 2]> : tensor<4xi64>
    %join = onnxir.initializer "join" dense<[0, 0, 4]> : tensor<3xi64>
    %half = onnxir.initializer "half" dense<0.5> : tensor<f32>
    %one = onnxir.initializer "one" dense<1> : tensor<i64>
    %q4 = onnxir.Reshape(%q, %split) : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x?x2x2xf32>
    %k4 = onnxir.Reshape(%k, %split) : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x?x2x2xf32>
    %v4 = onnxir.Reshape(%v, %split) : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x?x2x2xf32>
    %qh = onnxir.Transpose(%q4) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x2xf32>) -> tensor<?x2x?x2xf32>
    %kh = onnxir.Transpose(%k4) {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x2xf32>) -> tensor<?x2x2x?xf32>
    %vh = onnxir.Transpose(%v4) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x2xf32>) -> tensor<?x2x?x2xf32>
    %qk = onnxir.MatMul(%qh, %kh) : (tensor<?x2x?x2xf32>, tensor<?x2x2x?xf32>) -> tensor<?x2x?x?xf32>
    %scaled = onnxir.Mul(%half, %qk) : (tensor<f32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
    %len = onnxir.Shape(%ids) {start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
    %square = onnxir.Concat(%len, %len) {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
    %full = onnxir.ConstantOfShape(%square) {value = dense<-3.4e38> : tensor<1xf32>} : (tensor<2xi64>) -> tensor<?x?xf32>
    %mask = onnxir.Trilu(%full, %one) {upper = 1 : i64} : (tensor<?x?xf32>, tensor<i64>) -> tensor<?x?xf32>
    %masked = onnxir.Add(%mask, %scaled) : (tensor<?x?xf32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
    %p = onnxir.Softmax(%masked) {axis = -1 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
    %o = onnxir.MatMul(%p, %vh) : (tensor<?x2x?x?xf32>, tensor<?x2x?x2xf32>) -> tensor<?x2x?x2xf32>
    %t = onnxir.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x2xf32>) -> tensor<?x?x2x2xf32>
    %r = onnxir.Reshape(%t, %join) : (tensor<?x?x2x2xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
    return %r : tensor<?x?x4xf32>
  }
}
