// RUN: qeff-opt %s --qeff-outline-weights --split-input-file --verify-diagnostics

// An expression that refers to itself.
qeff.weight_expr "private" @loop : tensor<4x4xf32> {
  // expected-error@+1 {{expects a weight expression that does not refer to itself}}
  %0 = qeff.weight_ref @loop : tensor<4x4xf32>
  %1 = qeff.transpose %0 [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  qeff.yield %1 : tensor<4x4xf32>
}
func.func @main() -> tensor<4x4xf32> {
  %0 = qeff.weight_ref @loop : tensor<4x4xf32>
  %1 = qeff.reshape %0 : tensor<4x4xf32> -> tensor<16xf32>
  %2 = qeff.reshape %1 : tensor<16xf32> -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}
