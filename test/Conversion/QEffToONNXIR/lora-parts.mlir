// RUN: qeff-opt %s --convert-qeff-to-onnxir | FileCheck %s

// Parts of a fused module share x·Aᵀ; another input or another A does not.
module attributes {qeff.phase = #qeff.phase<tuned>} {
  qeff.dim @batch_size
  qeff.dim @seq_len
  qeff.file "private" @f "w.bin" {root = "model", size = 8192 : i64}
  qeff.weight "private" @q file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @k file(@f) {offset = 1024 : i64} : tensor<8x8xf32>
  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?x8xf32>
  // CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<4x8xf32>
  // CHECK-SAME: %[[C:[a-z0-9]+]]: tensor<4x8xf32>
  func.func @main(
      %x: tensor<?x?x8xf32> {qeff.name = "x", qeff.dims = [@batch_size, @seq_len, 8]},
      %a: tensor<4x8xf32> {qeff.adapter, qeff.name = "qk.lora_A.weight", qeff.state = "qk.lora_A.weight_RetainedState"},
      %b: tensor<16x4xf32> {qeff.adapter, qeff.name = "qk.lora_B.weight", qeff.state = "qk.lora_B.weight_RetainedState"},
      %s: tensor<1xf32> {qeff.adapter, qeff.name = "qk.lora_scaling"},
      %c: tensor<4x8xf32> {qeff.adapter, qeff.name = "o.lora_A.weight", qeff.state = "o.lora_A.weight_RetainedState"})
      -> (tensor<?x?x8xf32> {qeff.name = "y", qeff.dims = [@batch_size, @seq_len, 8]},
          tensor<4x8xf32> {qeff.name = "qk.lora_A.weight_RetainedState"},
          tensor<16x4xf32> {qeff.name = "qk.lora_B.weight_RetainedState"},
          tensor<4x8xf32> {qeff.name = "o.lora_A.weight_RetainedState"}) {
    %q = qeff.weight_ref @q : tensor<8x8xf32>
    %k = qeff.weight_ref @k : tensor<8x8xf32>
    // CHECK: %[[AT:.+]] = onnxir.node "Transpose"(%[[A]]) since 13 name("/qk/q/lora/Transpose")
    // CHECK: %[[DOWN:.+]] = onnxir.node "MatMul"(%[[X]], %[[AT]]) since 13 name("/qk/q/lora/MatMul")
    // CHECK: onnxir.node "MatMul"(%[[DOWN]], %{{.+}}) since 13 name("/qk/q/lora/MatMul_1")
    // CHECK: %[[Q:.+]] = onnxir.node "Add"(%{{.+}}, %{{.+}}) since 14 name("/qk/q/lora/Add")
    %0 = qeff.linear %x, %q scope("qk.q") : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
    %1 = qeff.lora %x, %0, %a, %b, %s scope("qk.q") : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<16x4xf32>, tensor<1xf32>) -> tensor<?x?x8xf32>
    // CHECK-NOT: onnxir.node "Transpose"(%[[A]])
    // CHECK: onnxir.node "MatMul"(%[[DOWN]], %{{.+}}) since 13 name("/qk/k/lora/MatMul")
    %2 = qeff.linear %x, %k scope("qk.k") : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
    %3 = qeff.lora %x, %2, %a, %b, %s scope("qk.k") {row = 8 : i64} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<16x4xf32>, tensor<1xf32>) -> tensor<?x?x8xf32>
    // CHECK: %[[CT:.+]] = onnxir.node "Transpose"(%[[C]])
    // CHECK: onnxir.node "MatMul"(%[[X]], %[[CT]])
    %4 = qeff.lora %x, %3, %c, %b, %s scope("o") : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<16x4xf32>, tensor<1xf32>) -> tensor<?x?x8xf32>
    // CHECK: onnxir.node "Transpose"(%[[A]])
    // CHECK: onnxir.node "MatMul"(%[[Q]], %{{.+}}) since 13 name("/again/lora/MatMul")
    %5 = qeff.lora %1, %4, %a, %b, %s scope("again") : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<16x4xf32>, tensor<1xf32>) -> tensor<?x?x8xf32>
    return %5, %a, %b, %c : tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<16x4xf32>, tensor<4x8xf32>
  }
}
