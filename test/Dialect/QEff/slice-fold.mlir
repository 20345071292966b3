// RUN: qeff-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @identity
// CHECK-SAME: (%[[A:.*]]: tensor<12x8xf32>)
func.func @identity(%a: tensor<12x8xf32>) -> tensor<12x8xf32> {
  %0 = qeff.slice %a [0, 0] : tensor<12x8xf32> -> tensor<12x8xf32>
  // CHECK-NEXT: return %[[A]]
  return %0 : tensor<12x8xf32>
}

// -----

// CHECK-LABEL: @composed
// CHECK-SAME: (%[[A:.*]]: tensor<12x8xf32>)
func.func @composed(%a: tensor<12x8xf32>) -> tensor<2x3xf32> {
  %0 = qeff.slice %a [4, 1] : tensor<12x8xf32> -> tensor<6x6xf32>
  %1 = qeff.slice %0 [2, 3] : tensor<6x6xf32> -> tensor<2x3xf32>
  // CHECK-NEXT: %[[S:.*]] = qeff.slice %[[A]] [6, 4] : tensor<12x8xf32> -> tensor<2x3xf32>
  // CHECK-NEXT: return %[[S]]
  return %1 : tensor<2x3xf32>
}
