// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @floats
func.func @floats(%0: tensor<4xbf16>) -> tensor<4xf16> {
  // CHECK: qeff.cast %{{.*}} : tensor<4xbf16> -> tensor<4xf32>
  %1 = qeff.cast %0 : tensor<4xbf16> -> tensor<4xf32>
  // CHECK: qeff.cast %{{.*}} : tensor<4xf32> -> tensor<4xf16>
  %2 = qeff.cast %1 : tensor<4xf32> -> tensor<4xf16>
  return %2 : tensor<4xf16>
}
