// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%0: tensor<12x8xf32>) -> tensor<4x8xf32> {
  // CHECK: qeff.slice %{{.*}} [4, 0] : tensor<12x8xf32> -> tensor<4x8xf32>
  %1 = qeff.slice %0 [4, 0] : tensor<12x8xf32> -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK-LABEL: @activation
func.func @activation(%a: tensor<?x?x12xf32>) -> tensor<?x?x4xf32> {
  // CHECK: qeff.slice %{{.*}} [0, 0, 8] : tensor<?x?x12xf32> -> tensor<?x?x4xf32>
  %0 = qeff.slice %a [0, 0, 8] : tensor<?x?x12xf32> -> tensor<?x?x4xf32>
  return %0 : tensor<?x?x4xf32>
}
