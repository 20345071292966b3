// RUN: qeff-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @identity
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>)
func.func @identity(%a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = qeff.transpose %a [0, 1] : tensor<4x8xf32> -> tensor<4x8xf32>
  // CHECK-NEXT: return %[[A]]
  return %0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: @composed
// CHECK-SAME: (%[[A:.*]]: tensor<2x3x4xf32>)
func.func @composed(%a: tensor<2x3x4xf32>) -> tensor<4x3x2xf32> {
  %0 = qeff.transpose %a [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %1 = qeff.transpose %0 [0, 2, 1] : tensor<4x2x3xf32> -> tensor<4x3x2xf32>
  // CHECK-NEXT: %[[T:.*]] = qeff.transpose %[[A]] [2, 1, 0] : tensor<2x3x4xf32> -> tensor<4x3x2xf32>
  // CHECK-NEXT: return %[[T]]
  return %1 : tensor<4x3x2xf32>
}

// -----

// CHECK-LABEL: @undone
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>)
func.func @undone(%a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = qeff.transpose %a [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %1 = qeff.transpose %0 [1, 0] : tensor<8x4xf32> -> tensor<4x8xf32>
  // CHECK-NEXT: return %[[A]]
  return %1 : tensor<4x8xf32>
}
