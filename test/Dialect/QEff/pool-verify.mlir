// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the rank of the input.
func.func @c1_rank(%x: tensor<4x16xf32>) {
  // expected-error@+1 {{expects an input of rank 3, got 'tensor<4x16xf32>'}}
  %0 = qeff.pool %x {kind = #qeff.pool<cls>} : (tensor<4x16xf32>) -> tensor<4x16xf32>
  return
}

// -----

// (C1): the rank of the result.
func.func @c1_result_rank(%x: tensor<2x4x16xf32>) {
  // expected-error@+1 {{expects a result of rank 2, got 'tensor<2x1x16xf32>'}}
  %0 = qeff.pool %x {kind = #qeff.pool<cls>} : (tensor<2x4x16xf32>) -> tensor<2x1x16xf32>
  return
}

// -----

// (C1): the result's sizes.
func.func @c1_sizes(%x: tensor<2x4x16xf32>) {
  // expected-error@+1 {{expects [B, S, C] to [B, C], got 'tensor<2x4x16xf32>' and 'tensor<2x4xf32>'}}
  %0 = qeff.pool %x {kind = #qeff.pool<cls>} : (tensor<2x4x16xf32>) -> tensor<2x4xf32>
  return
}

// -----

// (C2): the sizes of the positions.
func.func @c2_sizes(%x: tensor<2x4x16xf32>, %pos: tensor<2x5xi64>) {
  // expected-error@+1 {{expects positions of size 4 on axis 1, got 'tensor<2x5xi64>'}}
  %0 = qeff.pool %x, %pos {kind = #qeff.pool<mean>} : (tensor<2x4x16xf32>, tensor<2x5xi64>) -> tensor<2x16xf32>
  return
}

// -----

// (C2): needed.
func.func @c2_last(%x: tensor<2x4x16xf32>) {
  // expected-error@+1 {{expects positions with 'last' and none with 'cls', got none with 'last'}}
  %0 = qeff.pool %x {kind = #qeff.pool<last>} : (tensor<2x4x16xf32>) -> tensor<2x16xf32>
  return
}

// -----

// (C2): not taken.
func.func @c2_cls(%x: tensor<2x4x16xf32>, %pos: tensor<2x4xi64>) {
  // expected-error@+1 {{expects positions with 'last' and none with 'cls', got some with 'cls'}}
  %0 = qeff.pool %x, %pos {kind = #qeff.pool<cls>} : (tensor<2x4x16xf32>, tensor<2x4xi64>) -> tensor<2x16xf32>
  return
}
