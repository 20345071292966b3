// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @ranges
func.func @ranges(%0: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: qeff.clip %{{.*}} {max = 8.000000e+00 : f64, min = -8.000000e+00 : f64} : tensor<4xf32>
  %1 = qeff.clip %0 {max = 8.0 : f64, min = -8.0 : f64} : tensor<4xf32>
  // CHECK: qeff.clip %{{.*}} {keep_negative_infinity, max = 6.550400e+04 : f64, min = -6.550400e+04 : f64, scope = "w"} : tensor<4xf32>
  %2 = qeff.clip %1 {keep_negative_infinity, max = 65504.0 : f64, min = -65504.0 : f64, scope = "w"} : tensor<4xf32>
  return %2 : tensor<4xf32>
}
