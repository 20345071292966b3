// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): another type.
// expected-error@+1 {{expects its body to yield 'tensor<4xf16>'}}
qeff.weight_expr @e : tensor<4xf16> {
  %0 = arith.constant dense<1.0> : tensor<4xf32>
  qeff.yield %0 : tensor<4xf32>
}

// -----

// (C2): an op that cannot be streamed.
qeff.weight_expr @e : tensor<4xf32> {
  %0 = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error@+1 {{expects a streamable op in a weight expression}}
  %1 = arith.addf %0, %0 : tensor<4xf32>
  qeff.yield %1 : tensor<4xf32>
}

// -----

// Values from outside do not reach in.
// expected-error@+1 {{expects a body without arguments}}
qeff.weight_expr @e : tensor<4xf32> {
^bb0(%a: tensor<4xf32>):
  qeff.yield %a : tensor<4xf32>
}
