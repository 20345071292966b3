// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the cache's rank.
func.func @c1_cache(%cache: tensor<2x16x8xf32>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{expects cache [B, G, L, D] and slot_positions [B, L], got 'tensor<2x16x8xf32>' and 'tensor<1x16xi64>'}}
  %0 = qeff.cache_read %cache[%kp] : tensor<2x16x8xf32>, tensor<1x16xi64>
  return
}

// -----

// (C1): the rank of slot_positions.
func.func @c1_rank(%cache: tensor<1x2x16x8xf32>, %kp: tensor<16xi64>) {
  // expected-error@+1 {{expects cache [B, G, L, D] and slot_positions [B, L], got 'tensor<1x2x16x8xf32>' and 'tensor<16xi64>'}}
  %0 = qeff.cache_read %cache[%kp] : tensor<1x2x16x8xf32>, tensor<16xi64>
  return
}

// -----

// (C1): the batch.
func.func @c1_batch(%cache: tensor<1x2x16x8xf32>, %kp: tensor<2x16xi64>) {
  // expected-error@+1 {{expects cache [B, G, L, D] and slot_positions [B, L], got 'tensor<1x2x16x8xf32>' and 'tensor<2x16xi64>'}}
  %0 = qeff.cache_read %cache[%kp] : tensor<1x2x16x8xf32>, tensor<2x16xi64>
  return
}

// -----

// (C1): the slots; axis 1 of the cache is heads.
func.func @c1_slots(%cache: tensor<1x2x16x8xf32>, %kp: tensor<1x2xi64>) {
  // expected-error@+1 {{expects cache [B, G, L, D] and slot_positions [B, L], got 'tensor<1x2x16x8xf32>' and 'tensor<1x2xi64>'}}
  %0 = qeff.cache_read %cache[%kp] : tensor<1x2x16x8xf32>, tensor<1x2xi64>
  return
}

// -----

// (C1): the result.
func.func @c1_result(%cache: tensor<1x2x16x8xf32>, %kp: tensor<1x16xi64>) {
  // expected-error@+1 {{failed to verify that all of {cache, result} have same type}}
  %0 = "qeff.cache_read"(%cache, %kp) : (tensor<1x2x16x8xf32>, tensor<1x16xi64>) -> tensor<1x2x15x8xf32>
  return
}
