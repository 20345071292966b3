// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @number
func.func @number(%0: tensor<4xbf16>, %1: tensor<?x?x4xf32>) -> (tensor<4xbf16>, tensor<?x?x4xf32>) {
  // CHECK: qeff.offset %{{.*}} {value = 1.000000e+00 : f64} : tensor<4xbf16>
  %2 = qeff.offset %0 {value = 1.0 : f64} : tensor<4xbf16>
  // CHECK: qeff.offset %{{.*}} {scope = "embed", value = 1.000000e+00 : f64} : tensor<?x?x4xf32>
  %3 = qeff.offset %1 {value = 1.0 : f64, scope = "embed"} : tensor<?x?x4xf32>
  return %2, %3 : tensor<4xbf16>, tensor<?x?x4xf32>
}
