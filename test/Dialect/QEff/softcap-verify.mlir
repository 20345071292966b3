// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @c1_zero(%a: tensor<4xf32>) {
  // expected-error@+1 {{expects cap > 0, got 0.000000e+00}}
  %0 = qeff.softcap %a {cap = 0.0 : f64} : tensor<4xf32>
  return
}

// -----

// (C1): a NaN is not above 0.
func.func @c1_nan(%a: tensor<4xf32>) {
  // expected-error@+1 {{expects cap > 0}}
  %0 = qeff.softcap %a {cap = 0x7FF8000000000000 : f64} : tensor<4xf32>
  return
}
