// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): no symbol.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a qeff.weight, got @b}}
  qeff.adapter_lora "q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
}

// -----

// (C1): another symbol.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xf32>
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a qeff.weight, got @f}}
  qeff.adapter_lora "q_proj" a(@f) b(@b) {scaling = 2.0 : f64}
}

// -----

// (C1): the magnitude.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xf32>
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a qeff.weight, got @m}}
  qeff.adapter_lora "q_proj" a(@a) b(@b) magnitude(@m) {scaling = 2.0 : f64}
}

// -----

// (C2): the rank of a tensor.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<64xf32>
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xf32>
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a [R, K] and b [N, R] of floats, got 'tensor<64xf32>' and 'tensor<24x4xf32>'}}
  qeff.adapter_lora "q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
}

// -----

// (C2): R.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x5xf32>
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a [R, K] and b [N, R] of floats, got 'tensor<4x16xf32>' and 'tensor<24x5xf32>'}}
  qeff.adapter_lora "q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
}

// -----

// (C2): the element type.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf64>
qeff.weight "private" @b file(@f) {offset = 512 : i64} : tensor<24x4xf32>
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a [R, K] and b [N, R] of floats, got 'tensor<4x16xf64>' and 'tensor<24x4xf32>'}}
  qeff.adapter_lora "q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
}

// -----

// (C2): the magnitude.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xf32>
qeff.weight "private" @m file(@f) {offset = 640 : i64} : tensor<16xf32>
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a magnitude [24] of floats, got 'tensor<16xf32>'}}
  qeff.adapter_lora "q_proj" a(@a) b(@b) magnitude(@m) {scaling = 2.0 : f64}
}

// -----

// (C3)
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xf32>
qeff.adapter "private" @math {
  // expected-error@+1 {{expects a finite scaling}}
  qeff.adapter_lora "q_proj" a(@a) b(@b) {scaling = 0x7FF8000000000000 : f64}
}

// -----

// Outside of an adapter.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xf32>
// expected-error@+1 {{expects parent op 'qeff.adapter'}}
qeff.adapter_lora "q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
