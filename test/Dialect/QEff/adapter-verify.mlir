// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1)
qeff.adapter "private" @math {
  // expected-error@+1 {{expects qeff.adapter_lora and qeff.adapter_parameter in an adapter}}
  %0 = arith.constant 1 : i64
}

// -----

// (C2): a module.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xf32>
qeff.adapter "private" @math {
  qeff.adapter_lora "q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
  // expected-error@+1 {{expects a module once, got 'q_proj' twice}}
  qeff.adapter_lora "q_proj" a(@a) b(@b) {scaling = 1.0 : f64}
}

// -----

// (C2): a parameter; the bias beside it is another.
qeff.file "private" @f "f" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<16xf32>
qeff.adapter "private" @math {
  qeff.adapter_parameter "norm" "weight" value(@w)
  qeff.adapter_parameter "norm" "bias" value(@w)
  // expected-error@+1 {{expects a parameter once, got 'norm.weight' twice}}
  qeff.adapter_parameter "norm" "weight" value(@w)
}

// -----

// (C3)
// expected-error@+1 {{expects a finite weight}}
qeff.adapter "private" @math attributes {weight = 0x7FF0000000000000 : f64} {
}
