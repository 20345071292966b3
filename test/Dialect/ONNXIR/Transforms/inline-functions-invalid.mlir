// RUN: qeff-opt %s --onnxir-inline-functions --split-input-file --verify-diagnostics

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>, #onnxir.opset<"local", 1>]} {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %y = onnxir.node "local::A"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
  // expected-error @+1 {{expects functions that do not call themselves, got 'local::A'}}
  onnxir.function @"local::A" inputs ["a"] outputs ["b"] attributes [] opsets [#onnxir.opset<"local", 1>] {
  ^bb0(%a: !onnxir.any):
    %0 = onnxir.node "local::B"(%a) : (!onnxir.any) -> !onnxir.any
    onnxir.return %0 : !onnxir.any
  }
  onnxir.function @"local::B" inputs ["a"] outputs ["b"] attributes [] opsets [#onnxir.opset<"local", 1>] {
  ^bb0(%a: !onnxir.any):
    %0 = onnxir.node "local::A"(%a) : (!onnxir.any) -> !onnxir.any
    onnxir.return %0 : !onnxir.any
  }
}

// -----

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>, #onnxir.opset<"local", 1>]} {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    // expected-error @+1 {{expects at most 1 operands and 1 results, got 2 and 1}}
    %y = onnxir.node "local::A"(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
  onnxir.function @"local::A" inputs ["a"] outputs ["b"] attributes [] opsets [#onnxir.opset<"", 17>] {
  ^bb0(%a: !onnxir.any):
    %0 = onnxir.node "Relu"(%a) : (!onnxir.any) -> !onnxir.any
    onnxir.return %0 : !onnxir.any
  }
}
