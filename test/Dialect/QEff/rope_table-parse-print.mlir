// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @tables
func.func @tables() -> tensor<1024x64xf32> {
  // CHECK: qeff.rope_table {max_position = 8192 : i64, theta = 1.000000e+04 : f64} : tensor<1024x64xf32>
  %0 = qeff.rope_table {max_position = 8192 : i64, theta = 1.0e4 : f64} : tensor<1024x64xf32>
  // CHECK: qeff.rope_table {max_position = 8192 : i64, scaling = #qeff.rope_scaling<linear, {factor = 4.000000e+00 : f64}>, theta = 1.000000e+04 : f64} : tensor<8x4xf32>
  %1 = qeff.rope_table {max_position = 8192 : i64, scaling = #qeff.rope_scaling<linear, {factor = 4.0 : f64}>, theta = 1.0e4 : f64} : tensor<8x4xf32>
  return %0 : tensor<1024x64xf32>
}
