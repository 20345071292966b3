// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the order.
func.func @c1_order(%a: tensor<4xf32>) {
  // expected-error@+1 {{expects min <= max, got 8.000000e+00 and -8.000000e+00}}
  %0 = qeff.clip %a {max = -8.0 : f64, min = 8.0 : f64} : tensor<4xf32>
  return
}

// -----

// (C1): a NaN is in no order.
func.func @c1_nan(%a: tensor<4xf32>) {
  // expected-error@+1 {{expects min <= max}}
  %0 = qeff.clip %a {max = 0x7FF8000000000000 : f64, min = 8.0 : f64} : tensor<4xf32>
  return
}
