// RUN: qeff-opt %s --qeff-insert-concat-cache --split-input-file --verify-diagnostics

// expected-error @+1 {{expects a stateless module, got one that declares the dim 'past_length'}}
module {
  qeff.dim @past_length
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
