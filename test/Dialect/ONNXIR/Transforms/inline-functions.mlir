// RUN: qeff-opt %s --onnxir-inline-functions | FileCheck %s
// RUN: qeff-opt %s --onnxir-inline-functions=keep=kept | FileCheck %s --check-prefix=KEEP

// CHECK: onnxir.opset_imports = [#onnxir.opset<"", 18>, #onnxir.opset<"local", 1>, #onnxir.opset<"kept", 1>]
// CHECK-LABEL: func.func @main
// CHECK: onnxir.node "Elu"(%arg0) since 18 name("call/inner/Elu") outputs ["call/z"] attrs {alpha = 3.000000e+00 : f32}
// CHECK: %[[Y:.*]] = onnxir.node "Elu"(%{{.*}}) since 18 name("call/Elu") outputs ["y"] attrs {alpha = 2.000000e+00 : f32} : (!onnxir.any) -> tensor<4xf32>
// CHECK: onnxir.node "Relu"(%[[Y]]) since 13
// CHECK-NOT: onnxir.function
// KEEP: onnxir.node "kept::Twice"
// KEEP: onnxir.function @"kept::Twice"
module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 13>, #onnxir.opset<"local", 1>, #onnxir.opset<"kept", 1>]} {
  func.func @main(%x: tensor<4xf32> {qeff.name = "x"}) -> (tensor<4xf32> {qeff.name = "r"}, tensor<4xf32> {qeff.name = "s"}) {
    %y = onnxir.node "local::Outer"(%x) name("call") outputs ["y"] attrs {slope = 3.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
    %r = onnxir.node "Relu"(%y) : (tensor<4xf32>) -> tensor<4xf32>
    %s = onnxir.node "kept::Twice"(%y) : (tensor<4xf32>) -> tensor<4xf32>
    return %r, %s : tensor<4xf32>, tensor<4xf32>
  }
  onnxir.function @"local::Outer" inputs ["a", "b"] outputs ["c"] attributes ["slope"] opsets [#onnxir.opset<"", 18>, #onnxir.opset<"local", 1>] {
  ^bb0(%a: !onnxir.any, %b: !onnxir.any):
    %0 = onnxir.node "local::Inner"(%a) name("inner") outputs ["z"] attrs {alpha = #onnxir.ref<"slope", float>} : (!onnxir.any) -> !onnxir.any
    %1 = onnxir.node "Elu"(%0) outputs ["c"] attrs {alpha = 2.0 : f32} : (!onnxir.any) -> !onnxir.any
    onnxir.return %1 : !onnxir.any
  }
  onnxir.function @"local::Inner" inputs ["a"] outputs ["b"] attributes [] opsets [#onnxir.opset<"", 18>] attributes {attr_defaults = {alpha = 1.0 : f32}} {
  ^bb0(%a: !onnxir.any):
    %0 = onnxir.node "Elu"(%a) outputs ["b"] attrs {alpha = #onnxir.ref<"alpha", float>} : (!onnxir.any) -> !onnxir.any
    onnxir.return %0 : !onnxir.any
  }
  onnxir.function @"kept::Twice" inputs ["a"] outputs ["b"] attributes [] opsets [#onnxir.opset<"", 18>] {
  ^bb0(%a: !onnxir.any):
    %0 = onnxir.node "Add"(%a, %a) : (!onnxir.any, !onnxir.any) -> !onnxir.any
    onnxir.return %0 : !onnxir.any
  }
}
