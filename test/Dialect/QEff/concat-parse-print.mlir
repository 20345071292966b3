// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%a: tensor<4x8xf32>, %b: tensor<2x8xf32>) -> tensor<6x8xf32> {
  // CHECK: qeff.concat %{{.*}}, %{{.*}} {axis = 0 : i64} : tensor<4x8xf32>, tensor<2x8xf32> -> tensor<6x8xf32>
  %0 = qeff.concat %a, %b {axis = 0 : i64} : tensor<4x8xf32>, tensor<2x8xf32> -> tensor<6x8xf32>
  return %0 : tensor<6x8xf32>
}
