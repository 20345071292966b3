// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): no input.
func.func @c1() {
  // expected-error@+1 {{expects at least one input}}
  %0 = "qeff.concat"() {axis = 0 : i64} : () -> tensor<6x8xf32>
  return
}

// -----

// (C2): the axis.
func.func @c2_axis(%a: tensor<4x8xf32>) {
  // expected-error@+1 {{expects an axis of 'tensor<4x8xf32>', got 2}}
  %0 = qeff.concat %a {axis = 2 : i64} : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// (C2): another axis differs.
func.func @c2_other(%a: tensor<4x8xf32>, %b: tensor<2x7xf32>) {
  // expected-error@+1 {{expects inputs that differ from 'tensor<6x8xf32>' on axis 0 only, got 'tensor<2x7xf32>'}}
  %0 = qeff.concat %a, %b {axis = 0 : i64} : tensor<4x8xf32>, tensor<2x7xf32> -> tensor<6x8xf32>
  return
}

// -----

// (C2): the sum.
func.func @c2_sum(%a: tensor<4x8xf32>, %b: tensor<2x8xf32>) {
  // expected-error@+1 {{expects 6 as the size of axis 0, got 'tensor<7x8xf32>'}}
  %0 = qeff.concat %a, %b {axis = 0 : i64} : tensor<4x8xf32>, tensor<2x8xf32> -> tensor<7x8xf32>
  return
}

// -----

// (C2): a size that is not known next to one that is.
func.func @c2_dynamic(%a: tensor<?x8xf32>, %b: tensor<2x8xf32>) {
  // expected-error@+1 {{expects axis 0 to be dynamic where that of an input is, got 'tensor<6x8xf32>'}}
  %0 = qeff.concat %a, %b {axis = 0 : i64} : tensor<?x8xf32>, tensor<2x8xf32> -> tensor<6x8xf32>
  return
}

// -----

func.func @c2_static(%a: tensor<4x8xf32>, %b: tensor<2x8xf32>) {
  // expected-error@+1 {{expects axis 0 to be dynamic where that of an input is, got 'tensor<?x8xf32>'}}
  %0 = qeff.concat %a, %b {axis = 0 : i64} : tensor<4x8xf32>, tensor<2x8xf32> -> tensor<?x8xf32>
  return
}
