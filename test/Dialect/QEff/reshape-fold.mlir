// RUN: qeff-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @identity
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>)
func.func @identity(%a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = qeff.reshape %a : tensor<4x8xf32> -> tensor<4x8xf32>
  // CHECK-NEXT: return %[[A]]
  return %0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: @composed
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>)
func.func @composed(%a: tensor<4x8xf32>) -> tensor<2x16xf32> {
  %0 = qeff.reshape %a : tensor<4x8xf32> -> tensor<32xf32>
  %1 = qeff.reshape %0 : tensor<32xf32> -> tensor<2x16xf32>
  // CHECK-NEXT: %[[R:.*]] = qeff.reshape %[[A]] : tensor<4x8xf32> -> tensor<2x16xf32>
  // CHECK-NEXT: return %[[R]]
  return %1 : tensor<2x16xf32>
}
