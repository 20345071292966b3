// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the weight's rank.
func.func @c1_weight(%x: tensor<1x4x16xf32>, %w: tensor<128xf32>) {
  // expected-error@+1 {{expects a weight of rank 2, got 'tensor<128xf32>'}}
  %0 = qeff.linear %x, %w : (tensor<1x4x16xf32>, tensor<128xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

// (C1): the input's last axis.
func.func @c1_input(%x: tensor<1x4x15xf32>, %w: tensor<8x16xf32>) {
  // expected-error@+1 {{expects input [..., K], weight [N, K], result [..., N], got 'tensor<1x4x15xf32>', 'tensor<8x16xf32>', 'tensor<1x4x8xf32>'}}
  %0 = qeff.linear %x, %w : (tensor<1x4x15xf32>, tensor<8x16xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

// (C1): the result's last axis.
func.func @c1_result(%x: tensor<1x4x16xf32>, %w: tensor<8x16xf32>) {
  // expected-error@+1 {{expects input [..., K], weight [N, K], result [..., N], got 'tensor<1x4x16xf32>', 'tensor<8x16xf32>', 'tensor<1x4x16xf32>'}}
  %0 = qeff.linear %x, %w : (tensor<1x4x16xf32>, tensor<8x16xf32>) -> tensor<1x4x16xf32>
  return
}

// -----

// (C1): an input of rank 0.
func.func @c1_scalar(%x: tensor<f32>, %w: tensor<8x16xf32>) {
  // expected-error@+1 {{expects input [..., K], weight [N, K], result [..., N], got 'tensor<f32>', 'tensor<8x16xf32>', 'tensor<f32>'}}
  %0 = qeff.linear %x, %w : (tensor<f32>, tensor<8x16xf32>) -> tensor<f32>
  return
}

// -----

// (C2): the rank.
func.func @c2_rank(%x: tensor<1x4x16xf32>, %w: tensor<8x16xf32>) {
  // expected-error@+1 {{expects input [..., K], weight [N, K], result [..., N], got 'tensor<1x4x16xf32>', 'tensor<8x16xf32>', 'tensor<4x8xf32>'}}
  %0 = qeff.linear %x, %w : (tensor<1x4x16xf32>, tensor<8x16xf32>) -> tensor<4x8xf32>
  return
}

// -----

// (C2): another axis.
func.func @c2(%x: tensor<1x4x16xf32>, %w: tensor<8x16xf32>) {
  // expected-error@+1 {{expects input and result to agree in all but the last axis, got 'tensor<1x4x16xf32>' and 'tensor<1x5x8xf32>'}}
  %0 = qeff.linear %x, %w : (tensor<1x4x16xf32>, tensor<8x16xf32>) -> tensor<1x5x8xf32>
  return
}

// -----

// (C3): the rank.
func.func @c3_rank(%x: tensor<1x4x16xf32>, %w: tensor<8x16xf32>, %b: tensor<1x8xf32>) {
  // expected-error@+1 {{expects a bias of rank 1, got 'tensor<1x8xf32>'}}
  %0 = qeff.linear %x, %w, %b : (tensor<1x4x16xf32>, tensor<8x16xf32>, tensor<1x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

// (C3): the size.
func.func @c3_size(%x: tensor<1x4x16xf32>, %w: tensor<8x16xf32>, %b: tensor<16xf32>) {
  // expected-error@+1 {{expects a bias of size 8 on axis 0, got 'tensor<16xf32>'}}
  %0 = qeff.linear %x, %w, %b : (tensor<1x4x16xf32>, tensor<8x16xf32>, tensor<16xf32>) -> tensor<1x4x8xf32>
  return
}
