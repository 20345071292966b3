// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @styles
func.func @styles(%x: tensor<?x4x?x8xf32>, %pos: tensor<?x?xi64>) -> tensor<?x4x?x8xf32> {
  // CHECK: qeff.rope %{{.*}}, %{{.*}} {max_position = 8192 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.000000e+04 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
  %1 = qeff.rope %x, %pos {max_position = 8192 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
  // CHECK: qeff.rope %{{.*}}, %{{.*}} scope("layers.0.self_attn") {max_position = 64 : i64, rotary_dim = 4 : i64, scaling = #qeff.rope_scaling<linear, {factor = 4.000000e+00 : f64}>, style = #qeff.rope_style<interleaved>, theta = 1.000000e+04 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
  %2 = qeff.rope %1, %pos scope("layers.0.self_attn") {max_position = 64 : i64, rotary_dim = 4 : i64, scaling = #qeff.rope_scaling<linear, {factor = 4.0 : f64}>, style = #qeff.rope_style<interleaved>, theta = 1.0e4 : f64} : tensor<?x4x?x8xf32>, tensor<?x?xi64>
  return %2 : tensor<?x4x?x8xf32>
}
