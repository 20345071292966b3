// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @split
func.func @split(%a: tensor<4x8xf32>) -> tensor<2x2x8xf32> {
  // CHECK: qeff.reshape %{{.*}} : tensor<4x8xf32> -> tensor<2x2x8xf32>
  %0 = qeff.reshape %a : tensor<4x8xf32> -> tensor<2x2x8xf32>
  return %0 : tensor<2x2x8xf32>
}
