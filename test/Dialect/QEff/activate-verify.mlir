// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// The types.
func.func @types(%a: tensor<4xf32>) {
  // expected-error@+1 {{failed to verify that all of {input, result} have same type}}
  %0 = "qeff.activate"(%a) {kind = #qeff.activation<gelu>} : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

// No kind.
func.func @no_kind(%a: tensor<4xf32>) {
  // expected-error@+1 {{requires attribute 'kind'}}
  %0 = "qeff.activate"(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// A kind that is none.
func.func @kind(%a: tensor<4xf32>) {
  // expected-error@+2 {{to be one of: silu, gelu, gelu_tanh, relu, tanh, sigmoid, quick_gelu}}
  // expected-error@+1 {{failed to parse QEff_ActivationAttr parameter 'value'}}
  %0 = qeff.activate %a {kind = #qeff.activation<softplus>} : tensor<4xf32>
  return
}
