// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// node (C1)
func.func @f() {
  // expected-error @+1 {{expects an operator's name, got an empty one}}
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

// -----

// node (C3): the wrong number of graphs
func.func @f() {
  // expected-error @+1 {{expects a #onnxir.graph per subgraph, got 1 for 0}}
  "onnxir.node"() <{op_type = "If", graphs = [#onnxir.graph<name = "g">]}> : () -> ()
  return
}

// -----

// node (C6)
func.func @f() {
  // expected-error @+1 {{expects a name per result, got 1 for 0}}
  onnxir.node "Op"() outputs ["y"] : () -> ()
  return
}

// -----

// node (C7)
func.func @f() {
  // expected-error @+1 {{expects as many values as keys in its metadata, got ["key"]}}
  onnxir.node "Op"() metadata ["key"] : () -> ()
  return
}

// -----

// initializer (C2): what is no tensor
func.func @f() {
  // expected-error @+1 {{expects dense elements or #onnxir.tensor, got 1 : i64}}
  %0 = "onnxir.initializer"() <{name = "one", value = 1 : i64}> : () -> tensor<i64>
  return
}

// -----

// initializer (C3)
func.func @f() {
  // expected-error @+1 {{expects 'input' and a position >= 0 together}}
  %0 = onnxir.initializer "one" dense<1> : tensor<i64> {input_position = 1 : i64}
  return
}

// -----

// weight (C2): bits are packed into bytes
func.func @f(%w: tensor<3xi8>) {
  // expected-error @+1 {{expects a source of type 'tensor<2xi8>', got 'tensor<3xi8>'}}
  %0 = onnxir.weight "w" %w : tensor<3xi8> -> tensor<3xui4>
  return
}

// -----

// sparse_initializer (C1)
func.func @f() {
  // expected-error @+1 {{expects a name, got an empty one}}
  %0 = onnxir.sparse_initializer "" "" : tensor<2xf32>
  return
}

// -----

// function (C1): the overload
// expected-error @+1 {{expects a symbol of the form 'domain::name', got 'a::b'}}
onnxir.function @"a::b" inputs [] outputs [] attributes [] opsets [] attributes {overload = "c"} {
  onnxir.return
}

// -----

// function (C4): a name with and without a default
// expected-error @+1 {{expects unique attribute names, got two of "alpha"}}
onnxir.function @"a::b" inputs [] outputs [] attributes ["alpha"] opsets [] attributes {attr_defaults = {alpha = 1 : i64}} {
  onnxir.return
}

// -----

// expected-error @+1 {{expects a static tensor of 1 bytes, got 'tensor<3xui4>'}}
module attributes {a = #onnxir.tensor<"0"> : tensor<3xui4>} {}

// -----

// expected-error @+1 {{expects a dim per axis, got ["batch"]}}
module attributes {a = #onnxir.value_info<name = "x", type = tensor<?x4xf32>, dims = ["batch"]>} {}

// -----

// expected-error @+1 {{expects dims that agree with 'tensor<4xf32>', got "batch"}}
module attributes {a = #onnxir.value_info<name = "x", type = tensor<4xf32>, dims = ["batch"]>} {}

// -----

// expected-error @+1 {{expects 'onnxir.graph' to be #onnxir.graph, got 1 : i64}}
module attributes {onnxir.graph = 1} {}

// -----

// expected-error @+1 {{expects 'onnxir.proto' to be bytes, got 1 : i64}}
module attributes {onnxir.proto = 1} {}

// -----

// expected-error @+1 {{expects 'onnxir.model' to be a dictionary, got 1 : i64}}
module attributes {onnxir.model = 1} {}

// -----

// node (C2): a float of 64 bits.
func.func @f() {
  // expected-error @+1 {{expects attribute 'alpha' in an ONNX encoding, got 1.000000e+00 : f64}}
  onnxir.node "Elu"() attrs {alpha = 1.0 : f64} : () -> none
  return
}

// -----

// node (C2): an array of two kinds.
func.func @f() {
  // expected-error @+1 {{expects attribute 'strings' in an ONNX encoding, got ["a", 1]}}
  onnxir.node "Op"() attrs {strings = ["a", 1]} : () -> none
  return
}

// -----

// node (C3): a subgraph without a name.
func.func @f() {
  // expected-error @+1 {{expects a name per subgraph, got 0 for 1}}
  onnxir.node "If"() {
    onnxir.return
  } : () -> none
  return
}

// -----

// node (C4): an attribute that the function does not have.
onnxir.function @"a::b" inputs [] outputs [] attributes ["alpha"] opsets [] {
  // expected-error @+1 {{expects an enclosing function with attribute "epsilon"}}
  %0 = onnxir.node "Constant"() attrs {value_float = #onnxir.ref<"epsilon", float>} : () -> none
  onnxir.return
}

// -----

// node (C5): a negative version.
func.func @f() {
  // expected-error @+1 {{expects since >= 1, got -1}}
  onnxir.node "Add"() since -1 : () -> none
  return
}

// -----

// weight: a dynamic size.
func.func @f(%w: tensor<?xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of any type values, but got 'tensor<?xf32>'}}
  onnxir.weight "w" %w : tensor<?xf32>
  return
}

// -----

// weight: the types.
func.func @f(%w: tensor<4xf32>) {
  // expected-error @+1 {{expects a source of type 'tensor<4xf16>', got 'tensor<4xf32>'}}
  %0 = "onnxir.weight"(%w) <{name = "w"}> : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

// function (C1): no domain.
// expected-error @+1 {{expects a symbol of the form 'domain::name', got '::Scale'}}
onnxir.function @"::Scale" inputs [] outputs [] attributes [] opsets [] {
  onnxir.return
}

// -----

// function (C1): no name.
// expected-error @+1 {{expects a symbol of the form 'domain::name', got 'a::'}}
onnxir.function @"a::" inputs [] outputs [] attributes [] opsets [] {
  onnxir.return
}

// -----

// function (C2): the type of an argument.
// expected-error @+1 {{expects an argument of type !onnxir.any per input name, got 1 for 1 names}}
onnxir.function @"a::b" inputs ["x"] outputs [] attributes [] opsets [] {
^bb0(%0: tensor<4xf32>):
  onnxir.return
}

// -----

// function (C3): a value too many.
// expected-error @+1 {{expects to return a value per output name}}
onnxir.function @"a::b" inputs ["x"] outputs [] attributes [] opsets [] {
^bb0(%0: !onnxir.any):
  onnxir.return %0 : !onnxir.any
}

// -----

// function (C4): outputs.
// expected-error @+1 {{expects unique output names, got two of "y"}}
onnxir.function @"a::b" inputs ["x"] outputs ["y", "y"] attributes [] opsets [] {
^bb0(%0: !onnxir.any):
  onnxir.return %0, %0 : !onnxir.any, !onnxir.any
}

// -----

// function (C4): attributes.
// expected-error @+1 {{expects unique attribute names, got two of "alpha"}}
onnxir.function @"a::b" inputs [] outputs [] attributes ["alpha", "alpha"] opsets [] {
  onnxir.return
}

// -----

// return: the parent.
func.func @f() {
  // expected-error @+1 {{expects parent op to be one of 'onnxir.function, onnxir.node'}}
  onnxir.return
}

// -----

// expected-error @+1 {{expects 'onnxir.opset_imports' to be an array of #onnxir.opset, got 17 : i64}}
module attributes {onnxir.opset_imports = 17 : i64} {}

// -----

// expected-error @+1 {{expects 'onnxir.opset_imports' to be an array of #onnxir.opset, got [17]}}
module attributes {onnxir.opset_imports = [17]} {}

// -----

// expected-error @+1 {{expects 'onnxir.ir_version' to be a positive i64, got 0 : i64}}
module attributes {onnxir.ir_version = 0 : i64} {}

// -----

// expected-error @+1 {{expects 'onnxir.ir_version' to be a positive i64, got 8 : ui64}}
module attributes {onnxir.ir_version = 8 : ui64} {}
