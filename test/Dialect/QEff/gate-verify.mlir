// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// The operands' types.
func.func @types(%a: tensor<4xf32>, %b: tensor<5xf32>) {
  // expected-error@+1 {{failed to verify that all of {gate, up, result} have same type}}
  %0 = "qeff.gate"(%a, %b) {kind = #qeff.activation<silu>} : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

// No kind.
func.func @no_kind(%a: tensor<4xf32>) {
  // expected-error@+1 {{requires attribute 'kind'}}
  %0 = "qeff.gate"(%a, %a) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}
