// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the element count.
func.func @c1_count(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expects static types with the same elements, got 'tensor<4x8xf32>' and 'tensor<3x8xf32>'}}
  %0 = qeff.reshape %a : tensor<4x8xf32> -> tensor<3x8xf32>
  return
}

// -----

// (C1): the element type.
func.func @c1_type(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expects static types with the same elements}}
  %0 = qeff.reshape %a : tensor<4x8xf32> -> tensor<32xf16>
  return
}

// -----

// (C1): a dynamic axis.
func.func @c1_dynamic(%a: tensor<?x8xf32>) {
  // expected-error@+1 {{expects static types with the same elements}}
  %0 = qeff.reshape %a : tensor<?x8xf32> -> tensor<32xf32>
  return
}
