// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): an axis twice.
func.func @c1_twice(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expects a permutation of 2 axes, got [0, 0]}}
  %0 = qeff.transpose %a [0, 0] : tensor<4x8xf32> -> tensor<4x4xf32>
  return
}

// -----

// (C1): too few axes.
func.func @c1_short(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expects a permutation of 2 axes, got [0]}}
  %0 = qeff.transpose %a [0] : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// (C1): an axis that is none.
func.func @c1_range(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expects a permutation of 2 axes, got [-1, 2]}}
  %0 = qeff.transpose %a [-1, 2] : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// (C2): the shape.
func.func @c2_shape(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expects a result that permutes 'tensor<4x8xf32>', got 'tensor<4x8xf32>'}}
  %0 = qeff.transpose %a [1, 0] : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// (C2): the element type.
func.func @c2_type(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expects a result that permutes 'tensor<4x8xf32>', got 'tensor<8x4xf16>'}}
  %0 = qeff.transpose %a [1, 0] : tensor<4x8xf32> -> tensor<8x4xf16>
  return
}
