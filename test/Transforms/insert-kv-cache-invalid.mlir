// RUN: qeff-opt %s --qeff-insert-kv-cache --split-input-file --verify-diagnostics

// expected-error @+1 {{expects a public function with a body, got none}}
module {
}

// -----

module {
  // expected-error @+1 {{expects the argument 'input_ids' beside 'position_ids'}}
  func.func @main(%pos: tensor<?x?xi64> {qeff.name = "position_ids"}) -> tensor<?x?xi64> {
    return %pos : tensor<?x?xi64>
  }
}

// -----

// expected-error @+1 {{expects a stateless module, got one that declares the dim 'ctx_len'}}
module {
  qeff.dim @ctx_len
  func.func @main(%ids: tensor<?x?xi64> {qeff.name = "input_ids"}, %pos: tensor<?x?xi64> {qeff.name = "position_ids"}) -> tensor<?x?xi64> {
    return %ids : tensor<?x?xi64>
  }
}

// -----

module {
  // expected-error @+1 {{expects at least one qeff.attention, got none}}
  func.func @main(%ids: tensor<?x?xi64> {qeff.name = "input_ids"}, %pos: tensor<?x?xi64> {qeff.name = "position_ids"}) -> tensor<?x?xi64> {
    return %ids : tensor<?x?xi64>
  }
}

// -----

module {
  func.func @main(%ids: tensor<?x?xi64> {qeff.name = "input_ids"}, %pos: tensor<?x?xi64> {qeff.name = "position_ids"},
                  %q: tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32> {
    // expected-error @+1 {{expects q_pos and kv_pos to be the argument 'position_ids'}}
    %a = qeff.attention %q, %q, %q, %pos, %ids {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    return %a : tensor<?x4x?x8xf32>
  }
}

// -----

module {
  func.func @main(%ids: tensor<?x?xi64> {qeff.name = "input_ids"}, %pos: tensor<?x?xi64> {qeff.name = "position_ids"},
                  %q: tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32> {
    %b = qeff.attention %q, %q, %q, %pos, %pos {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    // expected-error @+1 {{expects a causal attention}}
    %a = qeff.attention %b, %q, %q, %pos, %pos {scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
    return %a : tensor<?x4x?x8xf32>
  }
}

// -----

module {
  func.func @main(%ids: tensor<?x?xi64> {qeff.name = "input_ids"}, %pos: tensor<?x?xi64> {qeff.name = "position_ids"},
                  %q: tensor<?x4x?x8xf32>, %bias: tensor<1x4x?x?xf32>) -> tensor<?x4x?x8xf32> {
    // expected-error @+1 {{expects no bias where a cache takes the place of the keys}}
    %a = qeff.attention %q, %q, %q, %pos, %pos bias(%bias) {causal, scale = 0.5 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>, tensor<1x4x?x?xf32>) -> tensor<?x4x?x8xf32>
    return %a : tensor<?x4x?x8xf32>
  }
}

// -----

module {
  // expected-note @+1 {{the first is here}}
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
  // expected-error @+1 {{expects one public function, got a second}}
  func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}
