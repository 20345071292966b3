// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt %s --emit-bytecode | qeff-opt | FileCheck %s
// RUN: qeff-opt %s --mlir-print-op-generic | qeff-opt | FileCheck %s

// CHECK: module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>, #onnxir.opset<"com.example", 1>]}
module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>, #onnxir.opset<"com.example", 1>]} {
  qeff.file "private" @file "w.bin" {root = "model", size = 96 : i64}
  qeff.weight "private" @w file(@file) {offset = 0 : i64} : tensor<4x6xf32>

  // CHECK-LABEL: onnxir.function @"com.example::Scale" inputs ["x"] outputs ["y"] attributes ["factor"] opsets [#onnxir.opset<"", 17>]
  onnxir.function @"com.example::Scale" inputs ["x"] outputs ["y"] attributes ["factor"] opsets [#onnxir.opset<"", 17>] {
  ^bb0(%x: !onnxir.any):
    // CHECK: onnxir.node "Constant"() since 13 attrs {value_float = #onnxir.ref<"factor", float>} : () -> !onnxir.any
    %factor = onnxir.node "Constant"() since 13 attrs {value_float = #onnxir.ref<"factor", float>} : () -> !onnxir.any
    %y = onnxir.node "Mul"(%x, %factor) since 14 : (!onnxir.any, !onnxir.any) -> !onnxir.any
    // CHECK: onnxir.return %{{.+}} : !onnxir.any
    onnxir.return %y : !onnxir.any
  }

  // CHECK-LABEL: func.func @main
  func.func @main(%x: tensor<?x4xf32>, %c: tensor<i1>) -> tensor<?x6xf32> {
    // CHECK: %[[W:.+]] = qeff.weight_ref @w
    %w = qeff.weight_ref @w : tensor<4x6xf32>
    // CHECK: onnxir.weight "w" %[[W]] scope("proj.weight") : tensor<4x6xf32>
    %i = onnxir.weight "w" %w scope("proj.weight") : tensor<4x6xf32>
    // CHECK: onnxir.initializer "one" dense<1> : tensor<i64>
    %one = onnxir.initializer "one" dense<1> : tensor<i64>
    // CHECK: %[[NONE:.+]] = onnxir.none
    %none = onnxir.none
    // CHECK: onnxir.node "MatMul"(%{{.+}}, %{{.+}}) since 13 name("/proj/MatMul") : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %y = onnxir.node "MatMul"(%x, %i) since 13 name("/proj/MatMul") : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    // CHECK: onnxir.node "com.example::Scale"(%{{.+}}) since 1 attrs {factor = 2.000000e+00 : f32} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %z = onnxir.node "com.example::Scale"(%y) since 1 attrs {factor = 2.0 : f32} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    // CHECK: onnxir.node "Clip"(%{{.+}}, %[[NONE]]) : (tensor<?x6xf32>, none) -> tensor<?x6xf32>
    %clipped = onnxir.node "Clip"(%z, %none) : (tensor<?x6xf32>, none) -> tensor<?x6xf32>
    // Every kind of attribute.
    // CHECK: onnxir.node "com.example::All"() attrs {a = 1 : i64, b = 1.500000e+00 : f32, c = "text", d = dense<1> : tensor<2xi32>, e = array<i64: 1, 2>, f = array<f32: 5.000000e-01>, g = ["x", "y"], h = [dense<1> : tensor<1xi8>]} : () -> none
    onnxir.node "com.example::All"() attrs {a = 1 : i64, b = 1.5 : f32, c = "text", d = dense<1> : tensor<2xi32>, e = array<i64: 1, 2>, f = array<f32: 0.5>, g = ["x", "y"], h = [dense<1> : tensor<1xi8>]} : () -> none
    // CHECK: onnxir.node "If"(%{{.+}}) subgraphs ["then_branch", "else_branch"] {
    // CHECK: }, {
    // CHECK: } : (tensor<i1>) -> tensor<?x6xf32>
    %r = onnxir.node "If"(%c) subgraphs ["then_branch", "else_branch"] {
      onnxir.return %z : tensor<?x6xf32>
    }, {
      onnxir.return %clipped : tensor<?x6xf32>
    } : (tensor<i1>) -> tensor<?x6xf32>
    return %r : tensor<?x6xf32>
  }

  // CHECK-LABEL: onnxir.function @"example::Twice" inputs ["x"] outputs ["y"] attributes [] opsets [#onnxir.opset<"", 17>]
  onnxir.function @"example::Twice" inputs ["x"] outputs ["y"] attributes [] opsets [#onnxir.opset<"", 17>] {
  ^bb0(%x: !onnxir.any):
    // CHECK: onnxir.node "Add"(%{{.+}}, %{{.+}}) since 14 : (!onnxir.any, !onnxir.any) -> !onnxir.any
    %y = onnxir.node "Add"(%x, %x) since 14 : (!onnxir.any, !onnxir.any) -> !onnxir.any
    onnxir.return %y : !onnxir.any
  }

  // CHECK-LABEL: func.func @concat
  func.func @concat(%a: tensor<?x2xf32>, %b: tensor<?x3xf32>) -> tensor<?x5xf32> {
    // CHECK: onnxir.node "Concat"(%{{.+}}, %{{.+}}) since 13 name("/Concat") attrs {axis = 1 : i64} : (tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x5xf32>
    %1 = onnxir.node "Concat"(%a, %b) since 13 name("/Concat") attrs {axis = 1 : i64} : (tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x5xf32>
    return %1 : tensor<?x5xf32>
  }

  // CHECK-LABEL: func.func @initializer
  func.func @initializer() -> tensor<i64> {
    // CHECK: onnxir.initializer "one" dense<1> : tensor<i64>
    %0 = onnxir.initializer "one" dense<1> : tensor<i64>
    return %0 : tensor<i64>
  }

  // CHECK-LABEL: func.func @weight
  func.func @weight(%0: tensor<16x100xf32>) -> tensor<16x100xf32> {
    // CHECK: onnxir.weight "lm_head.weight" %{{.+}} : tensor<16x100xf32>
    %1 = onnxir.weight "lm_head.weight" %0 : tensor<16x100xf32>
    return %1 : tensor<16x100xf32>
  }

  // CHECK-LABEL: func.func @none
  func.func @none() -> none {
    // CHECK: onnxir.none
    %0 = onnxir.none
    return %0 : none
  }
}
