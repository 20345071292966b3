// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt %s --emit-bytecode | qeff-opt | FileCheck %s

// Defaults are not printed; what is left out is none.
// CHECK-LABEL: func @operators
func.func @operators(%x: tensor<2x4xf32>) -> tensor<2x1xf32> {
  // CHECK: %[[NONE:.*]] = onnxir.none
  %none = onnxir.none
  // CHECK: onnxir.Gelu(%{{.*}}) {approximate = "tanh", name = "/gelu", scope = "mlp"} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = onnxir.Gelu(%x) {approximate = "tanh", name = "/gelu", scope = "mlp"} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  // CHECK: onnxir.LayerNormalization(%{{.*}}, %{{.*}}, %[[NONE]]) {epsilon = 1.000000e-01 : f32} : (tensor<2x4xf32>, tensor<2x4xf32>, none) -> (tensor<2x4xf32>, none, none)
  %1:3 = onnxir.LayerNormalization(%0, %x, %none) {axis = -1 : i64, epsilon = 0.1 : f32} : (tensor<2x4xf32>, tensor<2x4xf32>, none) -> (tensor<2x4xf32>, none, none)
  // CHECK: onnxir.microsoft.FastGelu
  %2 = onnxir.microsoft.FastGelu(%1#0, %none) : (tensor<2x4xf32>, none) -> tensor<2x4xf32>
  %axes = onnxir.initializer "axes" dense<-1> : tensor<1xi64>
  // CHECK: onnxir.ReduceMean
  %3 = onnxir.ReduceMean(%2, %axes) : (tensor<2x4xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %3 : tensor<2x1xf32>
}
