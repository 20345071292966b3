// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @split
func.func @split(%0: tensor<4x8xf32>) -> tensor<2x2x8xf32> {
  // CHECK: qeff.reshape %{{.*}} : tensor<4x8xf32> -> tensor<2x2x8xf32>
  %1 = qeff.reshape %0 : tensor<4x8xf32> -> tensor<2x2x8xf32>
  return %1 : tensor<2x2x8xf32>
}
