// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the input's rank.
func.func @c1_input(%x: tensor<4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects an input of rank 4, got 'tensor<4x6x8xf32>'}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C1): the positions' rank.
func.func @c1_rank(%x: tensor<1x4x6x8xf32>, %pos: tensor<6xi64>) {
  // expected-error@+1 {{expects positions of rank 2, got 'tensor<6xi64>'}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<6xi64>
  return
}

// -----

// (C1): the batch.
func.func @c1_batch(%x: tensor<1x4x6x8xf32>, %pos: tensor<2x6xi64>) {
  // expected-error@+1 {{expects positions of size 1 on axis 0, got 'tensor<2x6xi64>'}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<2x6xi64>
  return
}

// -----

// (C1): the positions; axis 1 of the input is heads.
func.func @c1_positions(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x4xi64>) {
  // expected-error@+1 {{expects positions of size 6 on axis 1, got 'tensor<1x4xi64>'}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<1x4xi64>
  return
}

// -----

// (C2): an odd rotary_dim.
func.func @c2_odd(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects an even rotary_dim of at most the head size, got 3 for 'tensor<1x4x6x8xf32>'}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 3 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C2): a rotary_dim of 0.
func.func @c2_zero(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects an even rotary_dim of at most the head size, got 0 for 'tensor<1x4x6x8xf32>'}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 0 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C2): beyond the head size.
func.func @c2_size(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects an even rotary_dim of at most the head size, got 10 for 'tensor<1x4x6x8xf32>'}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 10 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C2): a dynamic head size.
func.func @c2_dynamic(%x: tensor<1x4x6x?xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects an even rotary_dim of at most the head size, got 8 for 'tensor<1x4x6x?xf32>'}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x?xf32>, tensor<1x6xi64>
  return
}

// -----

// (C3): theta.
func.func @c3(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects theta > 0, got 0.000000e+00}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 0.0 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C3): a NaN.
func.func @c3_nan(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects theta > 0}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 0x7FF8000000000000 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C4): max_position.
func.func @c4_max_position(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects max_position >= 1, got 0}}
  %0 = qeff.rope %x, %pos {max_position = 0 : i64, rotary_dim = 8 : i64, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C4): too few short factors.
func.func @c4_short(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects 4 numbers in 'short_factor', got 1}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, scaling = #qeff.rope_scaling<longrope, {long_factor = array<f64: 1.0, 1.0, 1.0, 1.0>, original_max_position_embeddings = 4 : i64, short_factor = array<f64: 1.0>}>, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C4): as many as rotary_dim has pairs, not the head.
func.func @c4_long(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects 2 numbers in 'long_factor', got 4}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 4 : i64, scaling = #qeff.rope_scaling<longrope, {long_factor = array<f64: 1.0, 1.0, 1.0, 1.0>, original_max_position_embeddings = 4 : i64, short_factor = array<f64: 1.0, 1.0>}>, style = #qeff.rope_style<half>, theta = 1.0e4 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}

// -----

// (C4): a frequency per pair.
func.func @c4_explicit(%x: tensor<1x4x6x8xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects 4 numbers in 'inv_freq', got 2}}
  %0 = qeff.rope %x, %pos {max_position = 64 : i64, rotary_dim = 8 : i64, scaling = #qeff.rope_scaling<explicit, {inv_freq = array<f64: 1.0, 0.5>}>, style = #qeff.rope_style<half>, theta = 1.0 : f64} : tensor<1x4x6x8xf32>, tensor<1x6xi64>
  return
}
