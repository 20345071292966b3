// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @matrix
func.func @matrix(%0: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // CHECK: qeff.transpose %{{.*}} [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %1 = qeff.transpose %0 [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// CHECK-LABEL: @cube
func.func @cube(%a: tensor<2x3x4xi8>) -> tensor<4x2x3xi8> {
  // CHECK: qeff.transpose %{{.*}} [2, 0, 1] : tensor<2x3x4xi8> -> tensor<4x2x3xi8>
  %0 = qeff.transpose %a [2, 0, 1] : tensor<2x3x4xi8> -> tensor<4x2x3xi8>
  return %0 : tensor<4x2x3xi8>
}
