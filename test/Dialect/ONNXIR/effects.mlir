// RUN: qeff-opt %s --cse | FileCheck %s

// Equal nodes become one, unless they draw random numbers.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[N:.+]] = onnxir.node "Neg"
  // CHECK-NOT: onnxir.node "Neg"
  %0 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %[[A:.+]] = onnxir.node "RandomNormalLike"
  // CHECK: %[[B:.+]] = onnxir.node "RandomNormalLike"
  %2 = onnxir.node "RandomNormalLike"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = onnxir.node "RandomNormalLike"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: return %[[N]], %[[N]], %[[A]], %[[B]]
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
