// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// The operands' types.
func.func @types(%a: tensor<4xf32>, %b: tensor<4xf16>) {
  // expected-error@+1 {{failed to verify that all of {lhs, rhs, result} have same type}}
  %0 = "qeff.mul"(%a, %b) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

// Not of integers.
func.func @integers(%a: tensor<4xi64>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of floating-point values, but got 'tensor<4xi64>'}}
  %0 = qeff.mul %a, %a : tensor<4xi64>
  return
}
