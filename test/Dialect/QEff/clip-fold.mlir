// RUN: qeff-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @twice
// CHECK-SAME: (%[[A:.*]]: tensor<4xf32>)
func.func @twice(%a: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[C:.*]] = qeff.clip %[[A]]
  %0 = qeff.clip %a {max = 8.0 : f64, min = -8.0 : f64} : tensor<4xf32>
  %1 = qeff.clip %0 {max = 8.0 : f64, min = -8.0 : f64} : tensor<4xf32>
  // CHECK-NEXT: return %[[C]]
  return %1 : tensor<4xf32>
}

// -----

// Another treatment of -inf is another clip.
// CHECK-LABEL: @kept
func.func @kept(%a: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-COUNT-2: qeff.clip
  %0 = qeff.clip %a {keep_negative_infinity, max = 8.0 : f64, min = -8.0 : f64} : tensor<4xf32>
  %1 = qeff.clip %0 {max = 8.0 : f64, min = -8.0 : f64} : tensor<4xf32>
  return %1 : tensor<4xf32>
}
