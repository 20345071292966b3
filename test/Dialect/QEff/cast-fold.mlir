// RUN: qeff-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @identity
// CHECK-SAME: (%[[A:.*]]: tensor<4xf16>)
func.func @identity(%a: tensor<4xf16>) -> tensor<4xf16> {
  %0 = qeff.cast %a : tensor<4xf16> -> tensor<4xf16>
  // CHECK-NEXT: return %[[A]]
  return %0 : tensor<4xf16>
}

// -----

// CHECK-LABEL: @widened_and_back
// CHECK-SAME: (%[[A:.*]]: tensor<4xbf16>)
func.func @widened_and_back(%a: tensor<4xbf16>) -> tensor<4xbf16> {
  %0 = qeff.cast %a : tensor<4xbf16> -> tensor<4xf32>
  %1 = qeff.cast %0 : tensor<4xf32> -> tensor<4xbf16>
  // CHECK-NEXT: return %[[A]]
  return %1 : tensor<4xbf16>
}

// -----

// Narrowing loses bits.
// CHECK-LABEL: @narrowed_and_back
func.func @narrowed_and_back(%a: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-COUNT-2: qeff.cast
  %0 = qeff.cast %a : tensor<4xf32> -> tensor<4xf16>
  %1 = qeff.cast %0 : tensor<4xf16> -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
