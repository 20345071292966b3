// RUN: qeff-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @one
// CHECK-SAME: (%[[A:.*]]: tensor<4xf32>)
func.func @one(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[HALF:.*]] = qeff.scale %[[A]] {factor = 5.000000e-01 : f64}
  %0 = qeff.scale %a {factor = 1.0 : f64} : tensor<4xf32>
  %1 = qeff.scale %a {factor = 0.5 : f64} : tensor<4xf32>
  // CHECK-NEXT: return %[[A]], %[[HALF]]
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}
