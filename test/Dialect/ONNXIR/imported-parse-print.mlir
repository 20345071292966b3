// What only imported models have.
// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt %s --emit-bytecode | qeff-opt | FileCheck %s
// RUN: qeff-opt %s --mlir-print-op-generic | qeff-opt | FileCheck %s

// CHECK: qeff.weight "private" @w
qeff.file "private" @file "w.bin" {root = "model", size = 96 : i64}
qeff.weight "private" @w file(@file) {offset = 0 : i64} : tensor<2xi8>

// CHECK-LABEL: onnxir.function @"a::f:o"
// CHECK-SAME: attributes {attr_defaults = {alpha = 1.000000e+00 : f32}, overload = "o", proto = "B\00"}
onnxir.function @"a::f:o" inputs [] outputs [] attributes [] opsets [#onnxir.opset<"", 17>] attributes {attr_defaults = {alpha = 1.0 : f32}, overload = "o", proto = "B\00"} {
  %0 = onnxir.node "Constant"() attrs {value_float = #onnxir.ref<"alpha", float>} : () -> !onnxir.any
  onnxir.return
}

// CHECK-LABEL: func.func @nodes
func.func @nodes(%c: tensor<i1>) {
  // CHECK: onnxir.node "a::b" domain("d")(%{{.+}}) overload("o") name("n") outputs ["y"] attrs {axis = 1 : i64} doc("text") metadata ["key", "value"] proto("R\02") : (tensor<i1>) -> !onnxir.any
  %0 = onnxir.node "a::b" domain("d")(%c) overload("o") name("n") outputs ["y"] attrs {axis = 1 : i64} doc("text") metadata ["key", "value"] proto("R\02") : (tensor<i1>) -> !onnxir.any
  // CHECK: onnxir.node "If"(%{{.+}}) graphs [#onnxir.graph<name = "then", outputs = [#onnxir.value_info<name = "z", type = tensor<?x2xf32>, dims = ["n", 2]>], proto = "R\00">] subgraphs ["then_branch"] {
  %1 = onnxir.node "If"(%c) graphs [#onnxir.graph<name = "then", outputs = [#onnxir.value_info<name = "z", type = tensor<?x2xf32>, dims = ["n", 2]>], proto = "R\00">] subgraphs ["then_branch"] {
    onnxir.return %0 : !onnxir.any
  } : (tensor<i1>) -> !onnxir.any
  // CHECK: attrs {m = #onnxir.message<type_proto, "r\00">, s = #onnxir.stored<@w> : tensor<2xui8>, t = #onnxir.tensor<"!\03"> : tensor<3xui4>}
  onnxir.node "Op"() attrs {m = #onnxir.message<type_proto, "r\00">, s = #onnxir.stored<@w> : tensor<2xui8>, t = #onnxir.tensor<"!\03"> : tensor<3xui4>} : () -> ()
  return
}

// CHECK-LABEL: func.func @types
// CHECK-SAME: !onnxir.sequence<tensor<*xf32>>, %{{.+}}: !onnxir.optional<tensor<2x!onnxir.string>>, %{{.+}}: !onnxir.map<i64, tensor<f32>>, %{{.+}}: !onnxir.sparse<tensor<4xf32>>
func.func @types(%a: !onnxir.sequence<tensor<*xf32>>,
                 %b: !onnxir.optional<tensor<2x!onnxir.string>>,
                 %c: !onnxir.map<i64, tensor<f32>>,
                 %d: !onnxir.sparse<tensor<4xf32>>) {
  return
}

// CHECK-LABEL: func.func @initializers
func.func @initializers() {
  // CHECK: onnxir.initializer "i" #onnxir.tensor<"!\03"> : tensor<3xui4> {input = #onnxir.value_info<name = "i">, input_position = 0 : i64, proto = "b\00"}
  %0 = onnxir.initializer "i" #onnxir.tensor<"!\03"> : tensor<3xui4> {input = #onnxir.value_info<name = "i">, input_position = 0 : i64, proto = "b\00"}
  // CHECK: onnxir.initializer "s" dense<["a", "\FF"]> : tensor<2x!onnxir.string>
  %1 = onnxir.initializer "s" dense<["a", "\FF"]> : tensor<2x!onnxir.string>
  %2 = qeff.weight_ref @w : tensor<2xi8>
  // CHECK: onnxir.weight "w" %{{.+}} embedded : tensor<2xi8> -> tensor<3xui4>
  %3 = onnxir.weight "w" %2 embedded : tensor<2xi8> -> tensor<3xui4>
  // CHECK: onnxir.sparse_initializer "sparse" "\0A\00" : tensor<4xf32>
  %4 = onnxir.sparse_initializer "sparse" "\0A\00" : tensor<4xf32>
  return
}
