// RUN: qeff-opt %s --convert-qeff-to-linalg -split-input-file -verify-diagnostics

module {
  qeff.weight_expr "private" @a : tensor<4xf32> {
    %0 = qeff.weight_ref @b : tensor<4xf32>
    qeff.yield %0 : tensor<4xf32>
  }
  qeff.weight_expr "private" @b : tensor<4xf32> {
    %0 = qeff.weight_ref @a : tensor<4xf32>
    %1 = qeff.scale %0 {factor = 2.0 : f64} : tensor<4xf32>
    qeff.yield %1 : tensor<4xf32>
  }
  // expected-error @+1 {{expects weight expressions that do not refer to themselves}}
  func.func @main() -> tensor<4xf32> {
    %0 = qeff.weight_ref @a : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

module {
  qeff.dim @ctx_len
  func.func @main(%pos: tensor<?x?xi64>) -> tensor<?x?xi64> {
    // expected-error @+2 {{expects an argument with the dim 'ctx_len', got none}}
    // expected-error @+1 {{failed to legalize operation}}
    %0 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<?x?xi64> -> tensor<?x?xi64>
    return %0 : tensor<?x?xi64>
  }
}

// -----

module {
  func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
    // expected-error @+1 {{failed to legalize operation 'onnxir.node'}}
    %0 = onnxir.node "Neg"(%x) since 13 : (tensor<?xf32>) -> tensor<?xf32>
    return %0 : tensor<?xf32>
  }
}
