// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @rows
func.func @rows(%0: tensor<16x8xf32>) -> tensor<16x8xf32> {
  // CHECK: qeff.permute_rows %{{.*}} {heads = 2 : i64, order = #qeff.row_order<deinterleave>} : tensor<16x8xf32>
  %1 = qeff.permute_rows %0 {heads = 2 : i64, order = #qeff.row_order<deinterleave>} : tensor<16x8xf32>
  // CHECK: qeff.permute_rows %{{.*}} {heads = 8 : i64, order = #qeff.row_order<interleave>} : tensor<16x8xf32>
  %2 = qeff.permute_rows %1 {heads = 8 : i64, order = #qeff.row_order<interleave>} : tensor<16x8xf32>
  return %2 : tensor<16x8xf32>
}
