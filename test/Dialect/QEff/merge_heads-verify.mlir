// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the rank of [B, S, H·D].
func.func @c1_flat_rank(%a: tensor<1x4x6x8xf32>) {
  // expected-error@+1 {{expects a flat tensor of rank 3, got 'tensor<6x32xf32>'}}
  %0 = qeff.merge_heads %a : tensor<1x4x6x8xf32> -> tensor<6x32xf32>
  return
}

// -----

// (C1): the rank of [B, H, S, D].
func.func @c1_heads_rank(%a: tensor<6x4x8xf32>) {
  // expected-error@+1 {{expects a tensor with heads of rank 4, got 'tensor<6x4x8xf32>'}}
  %0 = qeff.merge_heads %a : tensor<6x4x8xf32> -> tensor<1x6x32xf32>
  return
}

// -----

// (C1): H is dynamic.
func.func @c1_dynamic_h(%a: tensor<1x?x6x8xf32>) {
  // expected-error@+1 {{expects [B, S, H·D] and [B, H, S, D], got 'tensor<1x6x32xf32>' and 'tensor<1x?x6x8xf32>'}}
  %0 = qeff.merge_heads %a : tensor<1x?x6x8xf32> -> tensor<1x6x32xf32>
  return
}

// -----

// (C1): D is dynamic.
func.func @c1_dynamic_d(%a: tensor<1x4x6x?xf32>) {
  // expected-error@+1 {{expects [B, S, H·D] and [B, H, S, D], got 'tensor<1x6x32xf32>' and 'tensor<1x4x6x?xf32>'}}
  %0 = qeff.merge_heads %a : tensor<1x4x6x?xf32> -> tensor<1x6x32xf32>
  return
}

// -----

// (C1): H·D is dynamic.
func.func @c1_dynamic_hd(%a: tensor<1x4x6x8xf32>) {
  // expected-error@+1 {{expects [B, S, H·D] and [B, H, S, D], got 'tensor<1x6x?xf32>' and 'tensor<1x4x6x8xf32>'}}
  %0 = qeff.merge_heads %a : tensor<1x4x6x8xf32> -> tensor<1x6x?xf32>
  return
}

// -----

// (C1): the product.
func.func @c1_product(%a: tensor<1x4x6x4xf32>) {
  // expected-error@+1 {{expects [B, S, H·D] and [B, H, S, D], got 'tensor<1x6x32xf32>' and 'tensor<1x4x6x4xf32>'}}
  %0 = qeff.merge_heads %a : tensor<1x4x6x4xf32> -> tensor<1x6x32xf32>
  return
}

// -----

// (C1): the product overflows.
func.func @c1_overflow(%a: tensor<1x4611686018427387904x6x2xf32>) {
  // expected-error@+1 {{expects [B, S, H·D] and [B, H, S, D], got 'tensor<1x6x?xf32>' and 'tensor<1x4611686018427387904x6x2xf32>'}}
  %0 = qeff.merge_heads %a : tensor<1x4611686018427387904x6x2xf32> -> tensor<1x6x?xf32>
  return
}

// -----

// (C1): the batch.
func.func @c1_batch(%a: tensor<2x4x6x8xf32>) {
  // expected-error@+1 {{expects [B, S, H·D] and [B, H, S, D], got 'tensor<1x6x32xf32>' and 'tensor<2x4x6x8xf32>'}}
  %0 = qeff.merge_heads %a : tensor<2x4x6x8xf32> -> tensor<1x6x32xf32>
  return
}

// -----

// (C1): the positions; heads and positions are not swapped.
func.func @c1_positions(%a: tensor<1x6x4x8xf32>) {
  // expected-error@+1 {{expects [B, S, H·D] and [B, H, S, D], got 'tensor<1x6x48xf32>' and 'tensor<1x6x4x8xf32>'}}
  %0 = qeff.merge_heads %a : tensor<1x6x4x8xf32> -> tensor<1x6x48xf32>
  return
}

// -----

// (C1): the element type.
func.func @c1_type(%a: tensor<1x4x6x8xf16>) {
  // expected-error@+1 {{expects [B, S, H·D] and [B, H, S, D], got 'tensor<1x6x32xf32>' and 'tensor<1x4x6x8xf16>'}}
  %0 = qeff.merge_heads %a : tensor<1x4x6x8xf16> -> tensor<1x6x32xf32>
  return
}
