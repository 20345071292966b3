// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): an odd rotary_dim.
func.func @c1_odd() {
  // expected-error@+1 {{expects an even rotary_dim and theta > 0, got 3 and 1.000000e+04}}
  %0 = qeff.rope_table {max_position = 8 : i64, theta = 1.0e4 : f64} : tensor<8x3xf32>
  return
}

// -----

// (C1): theta.
func.func @c1_theta() {
  // expected-error@+1 {{expects an even rotary_dim and theta > 0, got 4 and 0.000000e+00}}
  %0 = qeff.rope_table {max_position = 8 : i64, theta = 0.0 : f64} : tensor<8x4xf32>
  return
}

// -----

// (C2): the element type.
func.func @c2_type() {
  // expected-error@+1 {{expects a [positions, rotary_dim] f32 result, got 'tensor<8x4xf16>'}}
  %0 = qeff.rope_table {max_position = 8 : i64, theta = 1.0e4 : f64} : tensor<8x4xf16>
  return
}

// -----

// (C2): the rank.
func.func @c2_rank() {
  // expected-error@+1 {{expects a [positions, rotary_dim] f32 result, got 'tensor<8xf32>'}}
  %0 = qeff.rope_table {max_position = 8 : i64, theta = 1.0e4 : f64} : tensor<8xf32>
  return
}

// -----

// (C3): as many factors as frequencies.
func.func @c3() {
  // expected-error@+1 {{expects 2 numbers in 'short_factor', got 1}}
  %0 = qeff.rope_table {max_position = 8 : i64, scaling = #qeff.rope_scaling<longrope, {long_factor = array<f64: 1.0, 2.0>, original_max_position_embeddings = 4 : i64, short_factor = array<f64: 1.0>}>, theta = 1.0e4 : f64} : tensor<8x4xf32>
  return
}

// -----

// (C1): max_position.
func.func @c1_max_position() {
  // expected-error@+1 {{expects max_position >= 1, got 0}}
  %0 = qeff.rope_table {max_position = 0 : i64, theta = 1.0e4 : f64} : tensor<8x4xf32>
  return
}
