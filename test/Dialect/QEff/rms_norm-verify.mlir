// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the rank.
func.func @c1_rank(%x: tensor<1x4x16xf32>, %w: tensor<1x16xf32>) {
  // expected-error@+1 {{expects a weight of rank 1, got 'tensor<1x16xf32>'}}
  %0 = qeff.rms_norm %x, %w {eps = 1.0e-5 : f64} : tensor<1x4x16xf32>, tensor<1x16xf32>
  return
}

// -----

// (C1): the size.
func.func @c1_size(%x: tensor<1x4x16xf32>, %w: tensor<4xf32>) {
  // expected-error@+1 {{expects a weight of size 16 on axis 0, got 'tensor<4xf32>'}}
  %0 = qeff.rms_norm %x, %w {eps = 1.0e-5 : f64} : tensor<1x4x16xf32>, tensor<4xf32>
  return
}

// -----

// (C1): an input of rank 0.
func.func @c1_scalar(%x: tensor<f32>, %w: tensor<16xf32>) {
  // expected-error@+1 {{expects an input of rank 1 or more}}
  %0 = qeff.rms_norm %x, %w {eps = 1.0e-5 : f64} : tensor<f32>, tensor<16xf32>
  return
}

// -----

// (C2): a negative eps.
func.func @c2(%x: tensor<1x4x16xf32>, %w: tensor<16xf32>) {
  // expected-error@+1 {{expects eps >= 0, got -1.000000e+00}}
  %0 = qeff.rms_norm %x, %w {eps = -1.0 : f64} : tensor<1x4x16xf32>, tensor<16xf32>
  return
}

// -----

// (C2): a NaN.
func.func @c2_nan(%x: tensor<1x4x16xf32>, %w: tensor<16xf32>) {
  // expected-error@+1 {{expects eps >= 0}}
  %0 = qeff.rms_norm %x, %w {eps = 0x7FF8000000000000 : f64} : tensor<1x4x16xf32>, tensor<16xf32>
  return
}
