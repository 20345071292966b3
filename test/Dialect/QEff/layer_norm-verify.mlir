// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the weight's rank.
func.func @c1_weight_rank(%x: tensor<1x4x16xf32>, %w: tensor<1x16xf32>) {
  // expected-error@+1 {{expects a weight of rank 1, got 'tensor<1x16xf32>'}}
  %0 = qeff.layer_norm %x weight(%w : tensor<1x16xf32>) {eps = 1.0e-5 : f64} : tensor<1x4x16xf32>
  return
}

// -----

// (C1): the weight's size.
func.func @c1_weight_size(%x: tensor<1x4x16xf32>, %w: tensor<4xf32>) {
  // expected-error@+1 {{expects a weight of size 16 on axis 0, got 'tensor<4xf32>'}}
  %0 = qeff.layer_norm %x weight(%w : tensor<4xf32>) {eps = 1.0e-5 : f64} : tensor<1x4x16xf32>
  return
}

// -----

// (C1): the bias's rank.
func.func @c1_bias_rank(%x: tensor<1x4x16xf32>, %b: tensor<f32>) {
  // expected-error@+1 {{expects a bias of rank 1, got 'tensor<f32>'}}
  %0 = qeff.layer_norm %x bias(%b : tensor<f32>) {eps = 1.0e-5 : f64} : tensor<1x4x16xf32>
  return
}

// -----

// (C1): the bias's size.
func.func @c1_bias_size(%x: tensor<1x4x16xf32>, %w: tensor<16xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{expects a bias of size 16 on axis 0, got 'tensor<4xf32>'}}
  %0 = qeff.layer_norm %x weight(%w : tensor<16xf32>) bias(%b : tensor<4xf32>) {eps = 1.0e-5 : f64} : tensor<1x4x16xf32>
  return
}

// -----

// (C2)
func.func @c2(%x: tensor<1x4x16xf32>) {
  // expected-error@+1 {{expects eps >= 0, got -1.000000e+00}}
  %0 = qeff.layer_norm %x {eps = -1.0 : f64} : tensor<1x4x16xf32>
  return
}
