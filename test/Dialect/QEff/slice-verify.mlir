// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): beyond the end.
func.func @c1_end(%a: tensor<12x8xf32>) {
  // expected-error@+1 {{expects offset + size <= 12 on axis 0, got 10 + 4}}
  %0 = qeff.slice %a [10, 0] : tensor<12x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// (C1): a negative offset.
func.func @c1_negative(%a: tensor<12x8xf32>) {
  // expected-error@+1 {{expects offset + size <= 12 on axis 0, got -1 + 4}}
  %0 = qeff.slice %a [-1, 0] : tensor<12x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// (C1): a missing offset.
func.func @c1_count(%a: tensor<12x8xf32>) {
  // expected-error@+1 {{expects one offset and one size per axis of 'tensor<12x8xf32>'}}
  %0 = qeff.slice %a [1] : tensor<12x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// (C2): part of a dynamic axis.
func.func @c2(%a: tensor<?x8xf32>) {
  // expected-error@+1 {{expects a dynamic axis to be taken whole, got axis 0}}
  %0 = qeff.slice %a [1, 0] : tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

// (C3)
func.func @c3(%a: tensor<12x8xf32>) {
  // expected-error@+1 {{expects equal element types, got 'tensor<12x8xf32>' and 'tensor<4x8xf16>'}}
  %0 = qeff.slice %a [4, 0] : tensor<12x8xf32> -> tensor<4x8xf16>
  return
}
