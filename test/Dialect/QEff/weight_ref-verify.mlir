// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): no symbol.
func.func @c1_none() {
  // expected-error@+1 {{expects a qeff.weight or qeff.weight_expr, got @q}}
  %0 = qeff.weight_ref @q : tensor<4x4xf32>
  return
}

// -----

// (C1): another symbol.
qeff.file @f "b" {root = "model", size = 64 : i64}
func.func @c1_file() {
  // expected-error@+1 {{expects a qeff.weight or qeff.weight_expr, got @f}}
  %0 = qeff.weight_ref @f : tensor<4x4xf32>
  return
}

// -----

// (C2)
qeff.file @f "b" {root = "model", size = 64 : i64}
// expected-note@+1 {{it has type 'tensor<4x4xf32>'}}
qeff.weight @q file(@f) {offset = 0 : i64} : tensor<4x4xf32>
func.func @c2() {
  // expected-error@+1 {{expects the type of @q, got 'tensor<4x4xf16>'}}
  %0 = qeff.weight_ref @q : tensor<4x4xf16>
  return
}
