// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f32 | FileCheck %s
// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f16 | FileCheck %s --check-prefix=F16

// A whole module and a part of a fused one. The pairs are inputs that are
// returned; the scaling stays f32 in a graph of f16.

module attributes {qeff.phase = #qeff.phase<tuned>} {
  qeff.dim @batch_size
  qeff.dim @seq_len
  qeff.file "private" @f "w.bin" {root = "model", size = 8192 : i64}
  qeff.weight "private" @o file(@f) {offset = 0 : i64} : tensor<24x16xf32>
  qeff.weight "private" @v file(@f) {offset = 2048 : i64} : tensor<8x24xf32>

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?x16xf32>
  // CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<4x16xf32>
  // CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<24x4xf32>
  // CHECK-SAME: %[[S:[a-z0-9]+]]: tensor<1xf32>
  // CHECK-SAME: %[[C:[a-z0-9]+]]: tensor<4x24xf32>
  // CHECK-SAME: %[[D:[a-z0-9]+]]: tensor<32x4xf32>
  // CHECK-SAME: %[[T:[a-z0-9]+]]: tensor<1xf32>
  // F16-LABEL: func.func @main
  // F16-SAME: %[[X:[a-z0-9]+]]: tensor<?x?x16xf16>
  // F16-SAME: %[[A:[a-z0-9]+]]: tensor<4x16xf16>
  // F16-SAME: %[[B:[a-z0-9]+]]: tensor<24x4xf16>
  // F16-SAME: %[[S:[a-z0-9]+]]: tensor<1xf32>
  // F16-SAME: -> (tensor<?x?x8xf32> {{.*}}, tensor<4x16xf16> {qeff.name = "base_model.model.o.lora_A.weight_RetainedState"}
  func.func @main(
      %x: tensor<?x?x16xf32> {qeff.name = "x", qeff.dims = [@batch_size, @seq_len, 16]},
      %a: tensor<4x16xf32> {qeff.adapter, qeff.name = "base_model.model.o.lora_A.weight", qeff.state = "base_model.model.o.lora_A.weight_RetainedState"},
      %b: tensor<24x4xf32> {qeff.adapter, qeff.name = "base_model.model.o.lora_B.weight", qeff.state = "base_model.model.o.lora_B.weight_RetainedState"},
      %s: tensor<1xf32> {qeff.adapter, qeff.name = "o.lora_scaling"},
      %c: tensor<4x24xf32> {qeff.adapter, qeff.name = "base_model.model.qkv.lora_A.weight", qeff.state = "base_model.model.qkv.lora_A.weight_RetainedState"},
      %d: tensor<32x4xf32> {qeff.adapter, qeff.name = "base_model.model.qkv.lora_B.weight", qeff.state = "base_model.model.qkv.lora_B.weight_RetainedState"},
      %t: tensor<1xf32> {qeff.adapter, qeff.name = "qkv.lora_scaling"})
      -> (tensor<?x?x8xf32> {qeff.name = "y", qeff.dims = [@batch_size, @seq_len, 8]},
          tensor<4x16xf32> {qeff.name = "base_model.model.o.lora_A.weight_RetainedState"},
          tensor<24x4xf32> {qeff.name = "base_model.model.o.lora_B.weight_RetainedState"},
          tensor<4x24xf32> {qeff.name = "base_model.model.qkv.lora_A.weight_RetainedState"},
          tensor<32x4xf32> {qeff.name = "base_model.model.qkv.lora_B.weight_RetainedState"}) {
    %o = qeff.weight_ref @o : tensor<24x16xf32>
    %v = qeff.weight_ref @v : tensor<8x24xf32>
    // CHECK: %[[BASE:.+]] = onnxir.node "MatMul"(%[[X]], %{{.+}}) since 13 name("/o/MatMul")
    // CHECK: %[[AT:.+]] = onnxir.node "Transpose"(%[[A]]) since 13 name("/o/lora/Transpose") attrs {perm = array<i64: 1, 0>} : (tensor<4x16xf32>) -> tensor<16x4xf32>
    // CHECK: %[[DOWN:.+]] = onnxir.node "MatMul"(%[[X]], %[[AT]]) since 13 name("/o/lora/MatMul") : {{.*}} -> tensor<?x?x4xf32>
    // CHECK: %[[BT:.+]] = onnxir.node "Transpose"(%[[B]]) {{.*}} -> tensor<4x24xf32>
    // CHECK: %[[UP:.+]] = onnxir.node "MatMul"(%[[DOWN]], %[[BT]]) {{.*}} -> tensor<?x?x24xf32>
    // CHECK: %[[SCALED:.+]] = onnxir.node "Mul"(%[[UP]], %[[S]])
    // CHECK: %[[O:.+]] = onnxir.node "Add"(%[[BASE]], %[[SCALED]])
    // F16: %[[SCALING:.+]] = onnxir.node "Cast"(%[[S]]) {{.*}} : (tensor<1xf32>) -> tensor<1xf16>
    // F16: onnxir.node "Mul"(%{{.+}}, %[[SCALING]]) {{.*}} -> tensor<?x?x24xf16>
    %0 = qeff.linear %x, %o scope("o") : (tensor<?x?x16xf32>, tensor<24x16xf32>) -> tensor<?x?x24xf32>
    %1 = qeff.lora %x, %0, %a, %b, %s scope("o") : (tensor<?x?x16xf32>, tensor<?x?x24xf32>, tensor<4x16xf32>, tensor<24x4xf32>, tensor<1xf32>) -> tensor<?x?x24xf32>
    // CHECK: onnxir.node "MatMul"(%[[O]], %{{.+}}) since 13 name("/qkv/v/MatMul")
    // CHECK: %[[FROM:.+]] = onnxir.initializer "const.i64s.24"
    // CHECK: %[[TO:.+]] = onnxir.initializer "const.i64s.32"
    // CHECK: %[[ROWS:.+]] = onnxir.node "Slice"(%[[D]], %[[FROM]], %[[TO]], %{{.+}}, %{{.+}}) {{.*}} -> tensor<8x4xf32>
    // CHECK: onnxir.node "Transpose"(%[[ROWS]]) {{.*}} -> tensor<4x8xf32>
    // CHECK: %[[Y:.+]] = onnxir.node "Add"
    // CHECK: return %[[Y]], %[[A]], %[[B]], %[[C]], %[[D]]
    %2 = qeff.linear %1, %v scope("qkv.v") : (tensor<?x?x24xf32>, tensor<8x24xf32>) -> tensor<?x?x8xf32>
    %3 = qeff.lora %1, %2, %c, %d, %t scope("qkv.v") {row = 24 : i64} : (tensor<?x?x24xf32>, tensor<?x?x8xf32>, tensor<4x24xf32>, tensor<32x4xf32>, tensor<1xf32>) -> tensor<?x?x8xf32>
    return %3, %a, %b, %c, %d : tensor<?x?x8xf32>, tensor<4x16xf32>, tensor<24x4xf32>, tensor<4x24xf32>, tensor<32x4xf32>
  }
}
