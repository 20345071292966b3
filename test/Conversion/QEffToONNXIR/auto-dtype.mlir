// The type that most of the weights' bytes have is the graph's.
// RUN: qeff-opt %s --convert-qeff-to-onnxir --split-input-file | FileCheck %s
// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f32 --split-input-file | FileCheck %s --check-prefix=F32

// CHECK-LABEL: func.func @main
// CHECK: onnxir.weight {{.*}} : tensor<8x8xf16>
// F32-LABEL: func.func @main
// F32: onnxir.weight {{.*}} : tensor<8x8xf32>
module {
  qeff.file "private" @file "w.bin" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@file) {offset = 0 : i64} : tensor<8x8xbf16>
  qeff.weight "private" @bias file(@file) {offset = 128 : i64} : tensor<8xf32>
  func.func @main(%x: tensor<?x?x8xf32> {qeff.name = "x"}) -> (tensor<?x?x8xf32> {qeff.name = "y"}) {
    %w = qeff.weight_ref @w : tensor<8x8xbf16>
    %b = qeff.weight_ref @bias : tensor<8xf32>
    %0 = qeff.linear %x, %w, %b scope("l") : (tensor<?x?x8xf32>, tensor<8x8xbf16>, tensor<8xf32>) -> tensor<?x?x8xf32>
    return %0 : tensor<?x?x8xf32>
  }
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: onnxir.weight {{.*}} : tensor<8x8xf32>
module {
  qeff.file "private" @file "w.bin" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@file) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @bias file(@file) {offset = 256 : i64} : tensor<8xf32>
  func.func @main(%x: tensor<?x?x8xf32> {qeff.name = "x"}) -> (tensor<?x?x8xf32> {qeff.name = "y"}) {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %b = qeff.weight_ref @bias : tensor<8xf32>
    %0 = qeff.linear %x, %w, %b scope("l") : (tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
    return %0 : tensor<?x?x8xf32>
  }
}
