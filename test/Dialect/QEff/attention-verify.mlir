// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the rank of q.
func.func @c1_q_rank(%q: tensor<6x4x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q of rank 4, got 'tensor<6x4x8xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<6x4x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the rank of k.
func.func @c1_k_rank(%q: tensor<1x4x6x8xf32>, %k: tensor<16x2x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects k of rank 4, got 'tensor<16x2x8xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<16x2x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the rank of v.
func.func @c1_v_rank(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<16x2x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects v of rank 4, got 'tensor<16x2x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<16x2x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the rank of the result.
func.func @c1_result_rank(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects a result of rank 4, got 'tensor<6x4x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<6x4x5xf32>
  return
}

// -----

// (C1): H is no multiple of G.
func.func @c1_multiple(%q: tensor<1x3x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects query heads to be a multiple of key heads, got 'tensor<1x3x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<1x2x16x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x3x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): no key heads.
func.func @c1_no_heads(%q: tensor<1x4x6x8xf32>, %k: tensor<1x0x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects query heads to be a multiple of key heads, got 'tensor<1x4x6x8xf32>', 'tensor<1x0x16x8xf32>', 'tensor<1x2x16x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x0x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): H is dynamic.
func.func @c1_dynamic(%q: tensor<1x?x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects query heads to be a multiple of key heads, got 'tensor<1x?x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<1x2x16x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x?x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the heads of k and v.
func.func @c1_value_heads(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x4x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects query heads to be a multiple of key heads, got 'tensor<1x4x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<1x4x16x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x4x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the batch of k.
func.func @c1_k_batch(%q: tensor<1x4x6x8xf32>, %k: tensor<2x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<1x4x6x8xf32>', 'tensor<2x2x16x8xf32>', 'tensor<1x2x16x5xf32>', 'tensor<1x4x6x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<2x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the batch of v.
func.func @c1_v_batch(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<2x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<1x4x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<2x2x16x5xf32>', 'tensor<1x4x6x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<2x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the batch of the result.
func.func @c1_result_batch(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<1x4x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<1x2x16x5xf32>', 'tensor<2x4x6x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<2x4x6x5xf32>
  return
}

// -----

// (C1): the batch of k and v where q's is dynamic.
func.func @c1_kv_batch(%q: tensor<?x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<2x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<?x4x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<2x2x16x5xf32>', 'tensor<?x4x6x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<?x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<2x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<?x4x6x5xf32>
  return
}

// -----

// (C1): the head size of q and k.
func.func @c1_head_size(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x4xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<1x4x6x8xf32>', 'tensor<1x2x16x4xf32>', 'tensor<1x2x16x5xf32>', 'tensor<1x4x6x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x4xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the keys.
func.func @c1_keys(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x15x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<1x4x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<1x2x15x5xf32>', 'tensor<1x4x6x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x15x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C1): the heads of the result.
func.func @c1_result_heads(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<1x4x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<1x2x16x5xf32>', 'tensor<1x2x6x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x2x6x5xf32>
  return
}

// -----

// (C1): the positions of the result.
func.func @c1_result_positions(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<1x4x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<1x2x16x5xf32>', 'tensor<1x4x16x5xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x16x5xf32>
  return
}

// -----

// (C1): the head size of the result is that of v.
func.func @c1_result_size(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q [B, H, S, D], k [B, G, T, D], v [B, G, T, E] and a result [B, H, S, E], got 'tensor<1x4x6x8xf32>', 'tensor<1x2x16x8xf32>', 'tensor<1x2x16x5xf32>', 'tensor<1x4x6x8xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x8xf32>
  return
}

// -----

// (C2): the rank of q_pos.
func.func @c2_q_rank(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q_pos of rank 2, got 'tensor<6xi64>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C2): the rank of kv_pos.
func.func @c2_kv_rank(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<16xi64>) {
  // expected-error@+1 {{expects kv_pos of rank 2, got 'tensor<16xi64>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C2): the batch of q_pos.
func.func @c2_q_batch(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<2x6xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q_pos of size 1 on axis 0, got 'tensor<2x6xi64>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<2x6xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C2): the queries.
func.func @c2_q(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x16xi64>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects q_pos of size 6 on axis 1, got 'tensor<1x16xi64>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x16xi64>, tensor<1x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C2): the batch of kv_pos.
func.func @c2_kv_batch(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<2x16xi64>) {
  // expected-error@+1 {{expects kv_pos of size 1 on axis 0, got 'tensor<2x16xi64>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<2x16xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C2): the keys.
func.func @c2_kv(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x6xi64>) {
  // expected-error@+1 {{expects kv_pos of size 16 on axis 1, got 'tensor<1x6xi64>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x6xi64>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C3): the rank.
func.func @c3_rank(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>, %slopes: tensor<1x4xf32>) {
  // expected-error@+1 {{expects slopes of rank 1, got 'tensor<1x4xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp slopes(%slopes) {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<1x4xf32>) -> tensor<1x4x6x5xf32>
  return
}

// -----

// (C3): one slope per query head.
func.func @c3_size(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %v: tensor<1x2x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>, %slopes: tensor<2xf32>) {
  // expected-error@+1 {{expects slopes of size 4 on axis 0, got 'tensor<2xf32>'}}
  %0 = qeff.attention %q, %k, %v, %qp, %kp slopes(%slopes) {causal, scale = 0.125 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<2xf32>) -> tensor<1x4x6x5xf32>
  return
}
