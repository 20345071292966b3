// RUN: qeff-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @undone
// CHECK-SAME: (%[[A:.*]]: tensor<16x8xf32>)
func.func @undone(%a: tensor<16x8xf32>) -> tensor<16x8xf32> {
  %0 = qeff.permute_rows %a {heads = 2 : i64, order = #qeff.row_order<deinterleave>} : tensor<16x8xf32>
  %1 = qeff.permute_rows %0 {heads = 2 : i64, order = #qeff.row_order<interleave>} : tensor<16x8xf32>
  // CHECK-NEXT: return %[[A]]
  return %1 : tensor<16x8xf32>
}

// -----

// Other heads do not undo it.
// CHECK-LABEL: @kept
func.func @kept(%a: tensor<16x8xf32>) -> tensor<16x8xf32> {
  // CHECK-COUNT-2: qeff.permute_rows
  %0 = qeff.permute_rows %a {heads = 2 : i64, order = #qeff.row_order<deinterleave>} : tensor<16x8xf32>
  %1 = qeff.permute_rows %0 {heads = 4 : i64, order = #qeff.row_order<interleave>} : tensor<16x8xf32>
  return %1 : tensor<16x8xf32>
}
