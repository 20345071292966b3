// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// node (C1)
func.func @f() {
  // expected-error @+1 {{expects an operator's name, got ''}}
  onnxir.node "com.example::"() : () -> none
  return
}

// -----

// node (C2)
func.func @f() {
  // expected-error @+1 {{expects attribute 'axis' in an ONNX encoding, got 1 : i32}}
  onnxir.node "Concat"() attrs {axis = 1 : i32} : () -> none
  return
}

// -----

// node (C3)
func.func @f() {
  // expected-error @+1 {{expects a name per subgraph, got 2 for 0}}
  onnxir.node "If"() subgraphs ["then_branch", "else_branch"] : () -> none
  return
}

// -----

// node (C4)
func.func @f() {
  // expected-error @+1 {{expects an enclosing function with attribute "epsilon"}}
  onnxir.node "Constant"() attrs {value_float = #onnxir.ref<"epsilon", float>} : () -> none
  return
}

// -----

// node (C5)
func.func @f() {
  // expected-error @+1 {{expects since >= 1, got 0}}
  onnxir.node "Add"() since 0 : () -> none
  return
}

// -----

// initializer (C1)
func.func @f() {
  // expected-error @+1 {{expects a name, got an empty one}}
  onnxir.initializer "" dense<1> : tensor<i64>
  return
}

// -----

// initializer (C2)
func.func @f() {
  // expected-error @+1 {{expects a value of type 'tensor<2xi64>', got 'tensor<i64>'}}
  %0 = "onnxir.initializer"() <{name = "one", value = dense<1> : tensor<i64>}> : () -> tensor<2xi64>
  return
}

// -----

// weight (C1)
func.func @f(%w: tensor<4xf32>) {
  // expected-error @+1 {{expects a name, got an empty one}}
  onnxir.weight "" %w : tensor<4xf32>
  return
}

// -----

// function (C1)
// expected-error @+1 {{expects a symbol of the form 'domain::name', got 'Scale'}}
onnxir.function @Scale inputs [] outputs [] attributes [] opsets [] {
  onnxir.return
}

// -----

// function (C2)
// expected-error @+1 {{expects an argument of type !onnxir.any per input name, got 0 for 1 names}}
onnxir.function @"a::b" inputs ["x"] outputs [] attributes [] opsets [] {
  onnxir.return
}

// -----

// function (C3)
// expected-error @+1 {{expects to return a value per output name}}
onnxir.function @"a::b" inputs [] outputs ["y"] attributes [] opsets [] {
  onnxir.return
}

// -----

// function (C4)
// expected-error @+1 {{expects unique input names, got two of "x"}}
onnxir.function @"a::b" inputs ["x", "x"] outputs [] attributes [] opsets [] {
^bb0(%0: !onnxir.any, %1: !onnxir.any):
  onnxir.return
}

// -----

// expected-error @+1 {{expects a version of 1 or more for domain '', got 0}}
module attributes {onnxir.opset_imports = [#onnxir.opset<"", 0>]} {}

// -----

// expected-error @+1 {{expects one version per domain, got two of ''}}
module attributes {onnxir.opset_imports = [#onnxir.opset<"", 17>, #onnxir.opset<"", 18>]} {}

// -----

// expected-error @+1 {{expects 'onnxir.ir_version' to be a positive i64, got "8"}}
module attributes {onnxir.ir_version = "8"} {}
