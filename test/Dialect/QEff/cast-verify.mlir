// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the shape.
func.func @c1_shape(%a: tensor<4xbf16>) {
  // expected-error@+1 {{expects equal shapes of f32, f16 or bf16, got 'tensor<4xbf16>' and 'tensor<5xf32>'}}
  %0 = qeff.cast %a : tensor<4xbf16> -> tensor<5xf32>
  return
}

// -----

// (C1): the element type.
func.func @c1_type(%a: tensor<4xf64>) {
  // expected-error@+1 {{expects equal shapes of f32, f16 or bf16, got 'tensor<4xf64>' and 'tensor<4xf32>'}}
  %0 = qeff.cast %a : tensor<4xf64> -> tensor<4xf32>
  return
}
