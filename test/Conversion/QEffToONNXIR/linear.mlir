// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f32 | FileCheck %s
// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f16 | FileCheck %s --check-prefix=F16

// CHECK: onnxir.ir_version = 8 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>], qeff.phase = #qeff.phase<aic100>
module attributes {qeff.phase = #qeff.phase<tuned>} {
  qeff.dim @batch_size
  qeff.dim @seq_len
  qeff.file "private" @file "w.bin" {root = "model", size = 4096 : i64}
  qeff.weight "private" @embed file(@file) {offset = 0 : i64} : tensor<32x16xf16>
  qeff.weight "private" @bias file(@file) {offset = 2048 : i64} : tensor<32xf32>

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[IDS:[a-z0-9]+]]: tensor<?x?xi64>
  // CHECK-SAME: -> (tensor<?x1x32xf32>
  // F16-LABEL: func.func @main
  func.func @main(%ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]},
                  %pos: tensor<?x?xi64> {qeff.name = "position_ids", qeff.dims = [@batch_size, @seq_len]})
      -> (tensor<?x1x32xf32> {qeff.name = "logits", qeff.dims = [@batch_size, 1, 32]}) {
    // The table is cast lazily; a tied weight is written twice, under two names.
    // CHECK: %[[E:.+]] = qeff.weight_ref @embed
    // CHECK: %[[C:.+]] = qeff.cast %[[E]] : tensor<32x16xf16> -> tensor<32x16xf32>
    // CHECK: %[[TABLE:.+]] = onnxir.weight "embed" %[[C]] scope("embed_tokens.weight")
    // CHECK: %[[X:.+]] = onnxir.node "Gather"(%[[TABLE]], %[[IDS]]) since 13 name("/embed_tokens/Gather") attrs {axis = 0 : i64}
    // F16-NOT: qeff.cast
    // F16: onnxir.weight "embed" %{{.+}} : tensor<32x16xf16>
    %e = qeff.weight_ref @embed : tensor<32x16xf16>
    %b = qeff.weight_ref @bias : tensor<32xf32>
    %x = qeff.embedding %ids, %e scope("embed_tokens") : (tensor<?x?xi64>, tensor<32x16xf16>) -> tensor<?x?x16xf32>
    // CHECK: onnxir.node "Cast"(%{{.+}}) since 13 name("/Cast") attrs {to = 6 : i64}
    // CHECK: onnxir.node "ArgMax"(%{{.+}}) since 13 name("/ArgMax") attrs {axis = 1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64}
    // CHECK: %[[L:.+]] = onnxir.node "GatherND"(%[[X]], %{{.+}}) since 13 name("/GatherND") attrs {batch_dims = 1 : i64}
    %l = qeff.logits_select %x, %pos : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x1x16xf32>
    // CHECK: %[[T:.+]] = qeff.transpose %[[E]] [1, 0] : tensor<32x16xf16> -> tensor<16x32xf16>
    // CHECK: %[[TC:.+]] = qeff.cast %[[T]]
    // CHECK: %[[W:.+]] = onnxir.weight "lm_head.weight" %[[TC]]
    // CHECK: %[[M:.+]] = onnxir.node "MatMul"(%[[L]], %[[W]]) since 13 name("/lm_head/MatMul")
    // CHECK: %[[BIAS:.+]] = onnxir.weight "bias"
    // CHECK: %[[Y:.+]] = onnxir.node "Add"(%[[M]], %[[BIAS]]) since 14 name("/lm_head/Add")
    // CHECK: return %[[Y]]
    // F16: %[[Y:.+]] = onnxir.node "Add"({{.*}}) -> tensor<?x1x32xf16>
    // F16: %[[OUT:.+]] = onnxir.node "Cast"(%[[Y]]) {{.*}} -> tensor<?x1x32xf32>
    // F16: return %[[OUT]]
    %y = qeff.linear %l, %e, %b scope("lm_head") : (tensor<?x1x16xf32>, tensor<32x16xf16>, tensor<32xf32>) -> tensor<?x1x32xf32>
    return %y : tensor<?x1x32xf32>
  }
}
