// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): no symbol.
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a qeff.weight, got @w}}
  qeff.adapter_parameter "norm" "weight" value(@w)
}

// -----

// (C1): another symbol.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a qeff.weight, got @f}}
  qeff.adapter_parameter "norm" "weight" value(@f)
}

// -----

// Outside of an adapter.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<16xf32>
// expected-error@+1 {{expects parent op 'qeff.adapter'}}
qeff.adapter_parameter "norm" "weight" value(@w)
