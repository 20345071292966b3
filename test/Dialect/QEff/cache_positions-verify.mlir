// RUN: qeff-opt %s --split-input-file --verify-diagnostics

qeff.dim @ctx_len
// (C1): the positions' rank.
func.func @c1_rank(%pos: tensor<6xi64>) {
  // expected-error@+1 {{expects positions [B, S] and a result [B, L], got 'tensor<6xi64>' and 'tensor<1x16xi64>'}}
  %0 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<6xi64> -> tensor<1x16xi64>
  return
}

// -----

qeff.dim @ctx_len
// (C1): the result's rank.
func.func @c1_result(%pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects positions [B, S] and a result [B, L], got 'tensor<1x6xi64>' and 'tensor<16xi64>'}}
  %0 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<1x6xi64> -> tensor<16xi64>
  return
}

// -----

qeff.dim @ctx_len
// (C1): the batch.
func.func @c1_batch(%pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects positions [B, S] and a result [B, L], got 'tensor<1x6xi64>' and 'tensor<2x16xi64>'}}
  %0 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<1x6xi64> -> tensor<2x16xi64>
  return
}

// -----

// (C2): no symbol.
func.func @c2_none(%pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects slots to name a qeff.dim, got @ctx_len}}
  %0 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<1x6xi64> -> tensor<1x16xi64>
  return
}

// -----

qeff.file @ctx_len "b" {root = "model", size = 64 : i64}
// (C2): another symbol.
func.func @c2_other(%pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects slots to name a qeff.dim, got @ctx_len}}
  %0 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<1x6xi64> -> tensor<1x16xi64>
  return
}
