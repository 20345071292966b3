// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the cache's rank.
func.func @c1_cache(%cache: tensor<2x16x8xf32>, %pos: tensor<1x6xi64>, %k: tensor<1x2x6x8xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<2x16x8xf32>', 'tensor<1x6xi64>', 'tensor<1x2x6x8xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<2x16x8xf32>, tensor<1x6xi64>, tensor<1x2x6x8xf32>
  return
}

// -----

// (C1): the positions' rank.
func.func @c1_rank(%cache: tensor<1x2x16x8xf32>, %pos: tensor<6xi64>, %k: tensor<1x2x6x8xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<1x2x16x8xf32>', 'tensor<6xi64>', 'tensor<1x2x6x8xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<6xi64>, tensor<1x2x6x8xf32>
  return
}

// -----

// (C1): the update's rank.
func.func @c1_update(%cache: tensor<1x2x16x8xf32>, %pos: tensor<1x6xi64>, %k: tensor<2x6x8xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<1x2x16x8xf32>', 'tensor<1x6xi64>', 'tensor<2x6x8xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<2x6x8xf32>
  return
}

// -----

// (C1): the update's batch.
func.func @c1_update_batch(%cache: tensor<1x2x16x8xf32>, %pos: tensor<?x6xi64>, %k: tensor<2x2x6x8xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<1x2x16x8xf32>', 'tensor<?x6xi64>', 'tensor<2x2x6x8xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<?x6xi64>, tensor<2x2x6x8xf32>
  return
}

// -----

// (C1): the positions' batch.
func.func @c1_positions_batch(%cache: tensor<1x2x16x8xf32>, %pos: tensor<2x6xi64>, %k: tensor<?x2x6x8xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<1x2x16x8xf32>', 'tensor<2x6xi64>', 'tensor<?x2x6x8xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<2x6xi64>, tensor<?x2x6x8xf32>
  return
}

// -----

// (C1): the batch of positions and update where the cache's is dynamic.
func.func @c1_batch(%cache: tensor<?x2x16x8xf32>, %pos: tensor<2x6xi64>, %k: tensor<1x2x6x8xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<?x2x16x8xf32>', 'tensor<2x6xi64>', 'tensor<1x2x6x8xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<?x2x16x8xf32>, tensor<2x6xi64>, tensor<1x2x6x8xf32>
  return
}

// -----

// (C1): the heads.
func.func @c1_heads(%cache: tensor<1x2x16x8xf32>, %pos: tensor<1x6xi64>, %k: tensor<1x4x6x8xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<1x2x16x8xf32>', 'tensor<1x6xi64>', 'tensor<1x4x6x8xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x4x6x8xf32>
  return
}

// -----

// (C1): the positions.
func.func @c1_positions(%cache: tensor<1x2x16x8xf32>, %pos: tensor<1x16xi64>, %k: tensor<1x2x6x8xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<1x2x16x8xf32>', 'tensor<1x16xi64>', 'tensor<1x2x6x8xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<1x16xi64>, tensor<1x2x6x8xf32>
  return
}

// -----

// (C1): the head size.
func.func @c1_head_size(%cache: tensor<1x2x16x8xf32>, %pos: tensor<1x6xi64>, %k: tensor<1x2x6x4xf32>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<1x2x16x8xf32>', 'tensor<1x6xi64>', 'tensor<1x2x6x4xf32>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x2x6x4xf32>
  return
}

// -----

// (C1): the element type.
func.func @c1_type(%cache: tensor<1x2x16x8xf32>, %pos: tensor<1x6xi64>, %k: tensor<1x2x6x8xf16>) {
  // expected-error@+1 {{expects cache [B, G, L, D], positions [B, S] and update [B, G, S, D], got 'tensor<1x2x16x8xf32>', 'tensor<1x6xi64>', 'tensor<1x2x6x8xf16>'}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x2x6x8xf16>
  return
}

// -----

// (C2)
func.func @c2(%cache: tensor<1x2x16x8xf32>, %pos: tensor<1x6xi64>, %k: tensor<1x2x6x8xf32>) {
  // expected-error@+1 {{expects to be the only writer of its cache}}
  %0 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x2x6x8xf32>
  // expected-note@+1 {{other writer here}}
  %1 = qeff.cache_write %cache[%pos], %k : tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x2x6x8xf32>
  return
}

// -----

// The result's type.
func.func @result(%cache: tensor<1x2x16x8xf32>, %pos: tensor<1x6xi64>, %k: tensor<1x2x6x8xf32>) {
  // expected-error@+1 {{failed to verify that all of {cache, result} have same type}}
  %0 = "qeff.cache_write"(%cache, %pos, %k) : (tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x2x6x8xf32>) -> tensor<1x2x6x8xf32>
  return
}
