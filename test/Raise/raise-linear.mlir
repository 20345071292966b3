// RUN: qeff-opt --split-input-file --qeff-raise-linear --canonicalize %s | FileCheck %s

// Rows that are flattened for a Gemm are not any more; the bias joins.
// CHECK-LABEL: func.func @main
// CHECK: %[[Y:.*]] = qeff.linear %arg0, %{{.*}}, %{{.*}} : (tensor<?x?x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
// CHECK: return %[[Y]]
module {
  qeff.dim @b {min = 0 : i64}
  qeff.dim @s {min = 0 : i64}
  func.func @main(%x: tensor<?x?x4xf32> {qeff.dims = [@b, @s, 4]}) -> tensor<?x?x2xf32> {
    %w = onnxir.initializer "w" dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32>
    %c = onnxir.initializer "c" dense<[0.5, 0.25]> : tensor<2xf32>
    %flat = onnxir.initializer "flat" dense<[-1, 4]> : tensor<2xi64>
    %two = onnxir.initializer "two" dense<2> : tensor<1xi64>
    %0 = onnxir.Reshape(%x, %flat) : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
    %1 = onnxir.Gemm(%0, %w, %c) : (tensor<?x4xf32>, tensor<4x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
    %2 = onnxir.Shape(%x) {end = 2 : i64} : (tensor<?x?x4xf32>) -> tensor<2xi64>
    %3 = onnxir.Concat(%2, %two) {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
    %4 = onnxir.Reshape(%1, %3) : (tensor<?x2xf32>, tensor<3xi64>) -> tensor<?x?x2xf32>
    return %4 : tensor<?x?x2xf32>
  }
}

// -----

// A product of two activations is no linear layer.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.MatMul
module {
  func.func @main(%x: tensor<?x4xf32>, %w: tensor<4x2xf32>) -> tensor<?x2xf32> {
    %0 = onnxir.MatMul(%x, %w) : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    return %0 : tensor<?x2xf32>
  }
}
