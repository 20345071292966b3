// RUN: qeff-opt %s --qeff-specialize --split-input-file --verify-diagnostics

// expected-error @below {{expects a public function with a body, got none}}
module {
}

// -----
// expected-error @below {{expects 'qeff.specializations', got none}}
module {
  func.func @main() {
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  // expected-note @below {{the first is here}}
  func.func @main() {
    return
  }
  // expected-error @below {{expects one public function, got a second}}
  func.func @other() {
    return
  }
}

// -----
// expected-error @below {{expects specializations with names of their own, got "decode" twice or as another symbol}}
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>, #qeff.spec<"decode", {}>]} {
  func.func @main() {
    return
  }
}

// -----
// expected-error @below {{expects specializations with names of their own, got "seq_len" twice or as another symbol}}
module attributes {qeff.specializations = [#qeff.spec<"seq_len", {}>]} {
  qeff.dim @seq_len
  func.func @main() {
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  // expected-error @below {{expects 'qeff.dims' on argument 0, which is 'tensor<?xi64>'}}
  func.func @main(%arg0: tensor<?xi64>) {
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {batch_size = 1 : i64}>]} {
  qeff.dim @batch_size
  qeff.dim @seq_len
  // expected-error @below {{expects a value for dim 'seq_len' in specialization "decode", got {batch_size = 1 : i64}}}
  func.func @main(%arg0: tensor<?x?xi64> {qeff.dims = [@batch_size, @seq_len]}) {
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {batch_size = 1 : i64}>]} {
  qeff.dim @batch_size
  qeff.dim @ctx_len
  func.func @main(%arg0: tensor<?x1xi64> {qeff.dims = [@batch_size, 1]}) {
    // expected-error @below {{'qeff.cache_positions' op expects a static shape in specialization "decode", got 'tensor<1x?xi64>'}}
    %0 = qeff.cache_positions %arg0 {slots = @ctx_len} : tensor<?x1xi64> -> tensor<?x?xi64>
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {batch_size = 2 : i64}>]} {
  qeff.dim @batch_size
  func.func @main(%arg0: tensor<?x1xi64> {qeff.dims = [@batch_size, 1]}, %table: tensor<4x8xf32>) {
    // expected-error @below {{'qeff.embedding' op expects a result of type 'tensor<2x1x8xf32>' in specialization "decode", got 'tensor<3x?x8xf32>'}}
    %0 = qeff.embedding %arg0, %table : (tensor<?x1xi64>, tensor<4x8xf32>) -> tensor<3x?x8xf32>
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {batch_size = 2 : i64}>]} {
  qeff.dim @batch_size
  func.func @main(%arg0: tensor<?x1xi64> {qeff.dims = [@batch_size, 1]}) {
    // expected-error @below {{'builtin.unrealized_conversion_cast' op expects an op whose shape can be inferred}}
    %0 = builtin.unrealized_conversion_cast %arg0 : tensor<?x1xi64> to tensor<?x1xf32>
    return
  }
}
