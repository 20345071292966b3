// RUN: qeff-opt %s --convert-qeff-to-onnxir --split-input-file --verify-diagnostics

// expected-error @+1 {{expects a public function with a body}}
module {}

// -----

// expected-note @+1 {{the first is here}}
func.func @first() {
  return
}
// expected-error @+1 {{expects one public function, got a second}}
func.func @second() {
  return
}

// -----

// expected-error @+1 {{expects ranked tensors as arguments and results, got '(i64) -> ()'}}
func.func @main(%x: i64) {
  return
}

// -----

// A weight that is computed at run time cannot be an initializer.
func.func @main(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-remark @+2 {{the weight is no expression of stored weights}}
  // expected-error @+1 {{failed to legalize operation 'qeff.linear'}}
  %0 = qeff.linear %x, %w : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// No argument tells how many slots there are.
qeff.dim @ctx_len
func.func @main(%pos: tensor<?x?xi64>) -> tensor<?x?xi64> {
  // expected-remark @+2 {{no argument has the dim}}
  // expected-error @+1 {{failed to legalize operation 'qeff.cache_positions'}}
  %0 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<?x?xi64> -> tensor<?x?xi64>
  return %0 : tensor<?x?xi64>
}

// -----

func.func @main(%x: tensor<?x8xf32>) -> tensor<?x8xbf16> {
  // expected-remark @+2 {{AI 100 has no bf16 activations}}
  // expected-error @+1 {{failed to legalize operation 'qeff.cast'}}
  %0 = qeff.cast %x : tensor<?x8xf32> -> tensor<?x8xbf16>
  return %0 : tensor<?x8xbf16>
}
