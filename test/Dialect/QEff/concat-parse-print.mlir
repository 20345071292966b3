// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%0: tensor<4x8xf32>, %1: tensor<2x8xf32>) -> tensor<6x8xf32> {
  // CHECK: qeff.concat %{{.*}}, %{{.*}} {axis = 0 : i64} : tensor<4x8xf32>, tensor<2x8xf32> -> tensor<6x8xf32>
  %2 = qeff.concat %0, %1 {axis = 0 : i64} : tensor<4x8xf32>, tensor<2x8xf32> -> tensor<6x8xf32>
  return %2 : tensor<6x8xf32>
}
