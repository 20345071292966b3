// RUN: qeff-translate %s --export-onnx --split-input-file --verify-diagnostics

// expected-error @+1 {{expects a module with 'onnxir.opset_imports' and 'onnxir.ir_version'; convert-qeff-to-onnxir makes one}}
module {}

// -----

// expected-error @+1 {{expects a public function with a body}}
module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {}

// -----

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {
  // expected-error @+1 {{expects a qeff.name at argument 0}}
  func.func @main(%x: tensor<4xf32>) {
    return
  }
}

// -----

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {
  func.func @main(%x: tensor<4xf32> {qeff.name = "x"}) -> (tensor<4xf32> {qeff.name = "y"}) {
    // expected-error @+1 {{expects an opset import of domain 'com.example'}}
    %y = onnxir.node "com.example::Twice"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {
  func.func @main(%x: tensor<4xf32> {qeff.name = "x"}) -> (tensor<4xf32> {qeff.name = "y"}) {
    // expected-error @+1 {{expects an operator of opset 17 or older, got one since 20}}
    %y = onnxir.node "Gelu"(%x) since 20 : (tensor<4xf32>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {
  // expected-error @+1 {{expects unique names, got two of 'x'}}
  func.func @main(%x: tensor<4xf32> {qeff.name = "x"}, %y: tensor<4xf32> {qeff.name = "x"}) {
    return
  }
}

// -----

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {
  func.func @main(%x: tensor<4xf32> {qeff.name = "x"}) {
    // expected-error @+1 {{expects a name of its own, got "x"}}
    %c = onnxir.initializer "x" dense<1> : tensor<i64>
    return
  }
}

// -----

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {
  func.func @main() {
    // expected-error @+1 {{expects a constant of at most 67108864 bytes, got 'tensor<1000000000xf32>'}}
    %c = onnxir.initializer "c" dense<1.0> : tensor<1000000000xf32>
    return
  }
}

// -----

module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {
  func.func @main() {
    // expected-error @+1 {{expects an element type that ONNX has, got 'i24'}}
    %c = onnxir.initializer "c" dense<1> : tensor<2xi24>
    return
  }
}

// -----

// expected-error @+1 {{expects --onnx-data, got a model with weights}}
module attributes {onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>]} {
  qeff.file "private" @file "w.bin" {root = "model", size = 96 : i64}
  qeff.weight "private" @w file(@file) {offset = 0 : i64} : tensor<4x6xf32>
  func.func @main() -> (tensor<4x6xf32> {qeff.name = "y"}) {
    %w = qeff.weight_ref @w : tensor<4x6xf32>
    %i = onnxir.weight "w" %w : tensor<4x6xf32>
    return %i : tensor<4x6xf32>
  }
}
