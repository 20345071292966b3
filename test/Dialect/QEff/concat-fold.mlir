// RUN: qeff-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @one
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>)
func.func @one(%a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = qeff.concat %a {axis = 0 : i64} : tensor<4x8xf32> -> tensor<4x8xf32>
  // CHECK-NEXT: return %[[A]]
  return %0 : tensor<4x8xf32>
}
