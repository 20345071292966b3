// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @c1_rank(%a: tensor<4xi64>) {
  // expected-error@+1 {{expects an input of rank 2, got 'tensor<4xi64>'}}
  %0 = qeff.iota %a : tensor<4xi64>
  return
}

// -----

// Of i64 alone.
func.func @elements(%a: tensor<2x4xi32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of 64-bit signless integer values, but got 'tensor<2x4xi32>'}}
  %0 = qeff.iota %a : tensor<2x4xi32>
  return
}
