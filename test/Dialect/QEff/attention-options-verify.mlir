// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C4): one sink per query head.
func.func @c4_sinks(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>, %sinks: tensor<2xf32>) {
  // expected-error@+1 {{expects sinks of size 4 on axis 0, got 'tensor<2xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp sinks(%sinks) {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<2xf32>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C5): the rank.
func.func @c5_rank(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>, %bias: tensor<6x16xf32>) {
  // expected-error@+1 {{expects a bias of rank 4, got 'tensor<6x16xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp bias(%bias) {scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<6x16xf32>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C5): the heads.
func.func @c5_heads(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>, %bias: tensor<1x2x6x16xf32>) {
  // expected-error@+1 {{expects a bias [B or 1, H or 1, S, T], got 'tensor<1x2x6x16xf32>' for q 'tensor<1x4x6x8xf32>' and k 'tensor<1x2x16x8xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp bias(%bias) {scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<1x2x6x16xf32>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C5): the keys.
func.func @c5_keys(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>, %bias: tensor<1x4x6x6xf32>) {
  // expected-error@+1 {{expects a bias [B or 1, H or 1, S, T], got 'tensor<1x4x6x6xf32>' for q}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp bias(%bias) {scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<1x4x6x6xf32>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C6): the size of the window.
func.func @c6_size(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects a window of 1 or more on a causal attention, got 0}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, window = 0 : i64, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C6): a window looks back.
func.func @c6_causal(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects a window of 1 or more on a causal attention, got 4 without 'causal'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {window = 4 : i64, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C7)
func.func @c7_softcap(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects softcap > 0, got -1.000000e+00}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, softcap = -1.0 : f64, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}
