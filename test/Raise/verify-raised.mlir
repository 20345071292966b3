// RUN: not qeff-opt --qeff-verify-raised %s 2>&1 | FileCheck %s

// CHECK: error: expects transformer-level ops, got 2 Neg, 1 Abs; the first is node 'a' of m.n
module {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = onnxir.Neg(%x) {name = "a", scope = "m.n"} : (tensor<4xf32>) -> tensor<4xf32>
    %1 = onnxir.Abs(%0) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = onnxir.Neg(%1) : (tensor<4xf32>) -> tensor<4xf32>
    return %2 : tensor<4xf32>
  }
}
