// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @c1_type(%a: tensor<4xf64>) {
  // expected-error@+1 {{expects elements of f32, f16 or bf16, got 'tensor<4xf64>'}}
  %0 = qeff.scale %a {factor = 1.0 : f64} : tensor<4xf64>
  return
}

// -----

// (C2)
func.func @c2_infinite(%a: tensor<4xf32>) {
  // expected-error@+1 {{expects a finite factor, got}}
  %0 = qeff.scale %a {factor = 0x7FF0000000000000 : f64} : tensor<4xf32>
  return
}
