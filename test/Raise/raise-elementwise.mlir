// RUN: qeff-opt --qeff-raise-elementwise --canonicalize %s | FileCheck %s

// GELU by erf with the factors in an unusual order; SiLU times another tensor;
// a soft-cap; a factor; a sum.
// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = qeff.activate %arg0 {kind = #qeff.activation<gelu>}
// CHECK: %[[B:.*]] = qeff.gate %[[A]], %arg1 {kind = #qeff.activation<silu>}
// CHECK: %[[C:.*]] = qeff.softcap %[[B]] {cap = 3.000000e+01 : f64}
// CHECK: %[[D:.*]] = qeff.scale %[[C]] {factor = 8.000000e+00 : f64}
// CHECK: %[[E:.*]] = qeff.add %arg1, %[[D]]
// CHECK: return %[[E]]
// CHECK-NOT: onnxir.Mul
module {
  qeff.dim @b {min = 0 : i64}
  qeff.dim @s {min = 0 : i64}
  func.func @main(%x: tensor<?x?x4xf32> {qeff.dims = [@b, @s, 4]}, %y: tensor<?x?x4xf32> {qeff.dims = [@b, @s, 4]}) -> tensor<?x?x4xf32> {
    %root = onnxir.initializer "root" dense<1.41421354> : tensor<f32>
    %one = onnxir.initializer "one" dense<1.0> : tensor<f32>
    %half = onnxir.initializer "half" dense<0.5> : tensor<f32>
    %cap = onnxir.initializer "cap" dense<30.0> : tensor<f32>
    %eight = onnxir.initializer "eight" dense<8.0> : tensor<f32>
    %0 = onnxir.Div(%x, %root) : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
    %1 = onnxir.Erf(%0) : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %2 = onnxir.Add(%one, %1) : (tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %3 = onnxir.Mul(%2, %half) : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
    %4 = onnxir.Mul(%3, %x) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %5 = onnxir.Sigmoid(%4) : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %6 = onnxir.Mul(%5, %4) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %7 = onnxir.Mul(%y, %6) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %8 = onnxir.Div(%7, %cap) : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
    %9 = onnxir.Tanh(%8) : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %10 = onnxir.Mul(%cap, %9) : (tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %11 = onnxir.Mul(%10, %eight) : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
    %12 = onnxir.Add(%y, %11) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    return %12 : tensor<?x?x4xf32>
  }
}
