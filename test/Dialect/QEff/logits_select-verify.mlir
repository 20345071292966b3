// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the input's rank.
func.func @c1_input(%x: tensor<6x16xf32>, %pos: tensor<2x6xi64>) {
  // expected-error@+1 {{expects an input of rank 3, got 'tensor<6x16xf32>'}}
  %0 = qeff.logits_select %x, %pos : (tensor<6x16xf32>, tensor<2x6xi64>) -> tensor<2x1x16xf32>
  return
}

// -----

// (C1): the positions' rank.
func.func @c1_rank(%x: tensor<2x6x16xf32>, %pos: tensor<6xi64>) {
  // expected-error@+1 {{expects positions of rank 2, got 'tensor<6xi64>'}}
  %0 = qeff.logits_select %x, %pos : (tensor<2x6x16xf32>, tensor<6xi64>) -> tensor<2x1x16xf32>
  return
}

// -----

// (C1): the result's rank.
func.func @c1_result(%x: tensor<2x6x16xf32>, %pos: tensor<2x6xi64>) {
  // expected-error@+1 {{expects a result of rank 3, got 'tensor<2x16xf32>'}}
  %0 = qeff.logits_select %x, %pos : (tensor<2x6x16xf32>, tensor<2x6xi64>) -> tensor<2x16xf32>
  return
}

// -----

// (C1): one position.
func.func @c1_one(%x: tensor<2x6x16xf32>, %pos: tensor<2x6xi64>) {
  // expected-error@+1 {{expects [B, S, C] to [B, 1, C], got 'tensor<2x6x16xf32>' and 'tensor<2x6x16xf32>'}}
  %0 = qeff.logits_select %x, %pos : (tensor<2x6x16xf32>, tensor<2x6xi64>) -> tensor<2x6x16xf32>
  return
}

// -----

// (C1): the result's batch.
func.func @c1_batch(%x: tensor<2x6x16xf32>, %pos: tensor<2x6xi64>) {
  // expected-error@+1 {{expects [B, S, C] to [B, 1, C], got 'tensor<2x6x16xf32>' and 'tensor<3x1x16xf32>'}}
  %0 = qeff.logits_select %x, %pos : (tensor<2x6x16xf32>, tensor<2x6xi64>) -> tensor<3x1x16xf32>
  return
}

// -----

// (C1): the channels.
func.func @c1_channels(%x: tensor<2x6x16xf32>, %pos: tensor<2x6xi64>) {
  // expected-error@+1 {{expects [B, S, C] to [B, 1, C], got 'tensor<2x6x16xf32>' and 'tensor<2x1x8xf32>'}}
  %0 = qeff.logits_select %x, %pos : (tensor<2x6x16xf32>, tensor<2x6xi64>) -> tensor<2x1x8xf32>
  return
}

// -----

// (C1): the positions' batch.
func.func @c1_positions_batch(%x: tensor<2x6x16xf32>, %pos: tensor<1x6xi64>) {
  // expected-error@+1 {{expects positions of size 2 on axis 0, got 'tensor<1x6xi64>'}}
  %0 = qeff.logits_select %x, %pos : (tensor<2x6x16xf32>, tensor<1x6xi64>) -> tensor<2x1x16xf32>
  return
}

// -----

// (C1): the positions.
func.func @c1_positions(%x: tensor<2x6x16xf32>, %pos: tensor<2x1xi64>) {
  // expected-error@+1 {{expects positions of size 6 on axis 1, got 'tensor<2x1xi64>'}}
  %0 = qeff.logits_select %x, %pos : (tensor<2x6x16xf32>, tensor<2x1xi64>) -> tensor<2x1x16xf32>
  return
}
