// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the ids.
func.func @c1_ids(%ids: tensor<4xi64>, %table: tensor<100x16xf32>) {
  // expected-error@+1 {{expects ids of rank 2, got 'tensor<4xi64>'}}
  %0 = qeff.embedding %ids, %table : (tensor<4xi64>, tensor<100x16xf32>) -> tensor<1x4x16xf32>
  return
}

// -----

// (C1): the table.
func.func @c1_table(%ids: tensor<1x4xi64>, %table: tensor<1600xf32>) {
  // expected-error@+1 {{expects a table of rank 2, got 'tensor<1600xf32>'}}
  %0 = qeff.embedding %ids, %table : (tensor<1x4xi64>, tensor<1600xf32>) -> tensor<1x4x16xf32>
  return
}

// -----

// (C1): the result's rank.
func.func @c1_rank(%ids: tensor<1x4xi64>, %table: tensor<100x16xf32>) {
  // expected-error@+1 {{expects a result of rank 3, got 'tensor<4x16xf32>'}}
  %0 = qeff.embedding %ids, %table : (tensor<1x4xi64>, tensor<100x16xf32>) -> tensor<4x16xf32>
  return
}

// -----

// (C1): the batch.
func.func @c1_batch(%ids: tensor<1x4xi64>, %table: tensor<100x16xf32>) {
  // expected-error@+1 {{expects a result of size 1 on axis 0, got 'tensor<2x4x16xf32>'}}
  %0 = qeff.embedding %ids, %table : (tensor<1x4xi64>, tensor<100x16xf32>) -> tensor<2x4x16xf32>
  return
}

// -----

// (C1): the positions.
func.func @c1_positions(%ids: tensor<1x4xi64>, %table: tensor<100x16xf32>) {
  // expected-error@+1 {{expects a result of size 4 on axis 1, got 'tensor<1x5x16xf32>'}}
  %0 = qeff.embedding %ids, %table : (tensor<1x4xi64>, tensor<100x16xf32>) -> tensor<1x5x16xf32>
  return
}

// -----

// (C1): the channels.
func.func @c1_channels(%ids: tensor<1x4xi64>, %table: tensor<100x16xf32>) {
  // expected-error@+1 {{expects a result of size 16 on axis 2, got 'tensor<1x4x8xf32>'}}
  %0 = qeff.embedding %ids, %table : (tensor<1x4xi64>, tensor<100x16xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

// (C1): ids are i64.
func.func @c1_ids_type(%ids: tensor<1x4xi32>, %table: tensor<100x16xf32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of 64-bit signless integer values, but got 'tensor<1x4xi32>'}}
  %0 = qeff.embedding %ids, %table : (tensor<1x4xi32>, tensor<100x16xf32>) -> tensor<1x4x16xf32>
  return
}
