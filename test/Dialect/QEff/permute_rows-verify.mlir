// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): an odd number of rows per head.
func.func @c1_odd(%a: tensor<6x8xf32>) {
  // expected-error@+1 {{expects axis 0 to be a multiple of 2·heads, got 'tensor<6x8xf32>' and heads = 2}}
  %0 = qeff.permute_rows %a {heads = 2 : i64, order = #qeff.row_order<deinterleave>} : tensor<6x8xf32>
  return
}

// -----

// (C1): no heads.
func.func @c1_none(%a: tensor<6x8xf32>) {
  // expected-error@+1 {{got 'tensor<6x8xf32>' and heads = 0}}
  %0 = qeff.permute_rows %a {heads = 0 : i64, order = #qeff.row_order<deinterleave>} : tensor<6x8xf32>
  return
}

// -----

// (C1): a number of heads whose double overflows.
func.func @c1_many(%a: tensor<6x8xf32>) {
  // expected-error@+1 {{and heads = 4611686018427387905}}
  %0 = qeff.permute_rows %a {heads = 4611686018427387905 : i64, order = #qeff.row_order<deinterleave>} : tensor<6x8xf32>
  return
}
