// RUN: qeff-opt %s --convert-qeff-to-linalg | FileCheck %s

// Weights are arguments in the module's order, used ones alone; expressions are
// computed in the function, each once.

// CHECK-NOT: qeff.phase
// CHECK-NOT: qeff.dim @
// CHECK-NOT: qeff.weight "private"
module attributes {qeff.phase = #qeff.phase<canonical>} {
  qeff.dim @batch_size
  qeff.dim @seq_len
  qeff.file "private" @file "w.bin" {root = "model", size = 4096 : i64}
  qeff.weight "private" @embed file(@file) {offset = 64 : i64} : tensor<32x16xf16>
  qeff.weight "private" @unused file(@file) {offset = 0 : i64} : tensor<32xf32>
  qeff.weight "private" @head file(@file) {encoding = #qeff.block<q8_0>, offset = 2048 : i64} : tensor<16x32xf32>
  qeff.weight_expr "private" @head_t : tensor<32x16xf32> {
    %0 = qeff.weight_ref @head : tensor<16x32xf32>
    %1 = qeff.transpose %0 [1, 0] : tensor<16x32xf32> -> tensor<32x16xf32>
    qeff.yield %1 : tensor<32x16xf32>
  }
  qeff.weight_expr "private" @alias : tensor<32x16xf32> {
    %0 = qeff.weight_ref @head_t : tensor<32x16xf32>
    qeff.yield %0 : tensor<32x16xf32>
  }

  // CHECK-LABEL: func.func @main(
  // CHECK-SAME: %[[IDS:.+]]: tensor<?x?xi64> {qeff.dim_names = ["batch_size", "seq_len"], qeff.name = "input_ids"}
  // CHECK-SAME: %[[E:[a-z0-9]+]]: tensor<32x16xf16> {qeff.file = "w.bin", qeff.offset = 64 : i64, qeff.root = "model", qeff.weight = "embed"}
  // CHECK-SAME: %[[H:[a-z0-9]+]]: tensor<16x32xf32> {qeff.encoding = "q8_0", qeff.file = "w.bin", qeff.offset = 2048 : i64, qeff.root = "model", qeff.weight = "head"})
  // CHECK-SAME: -> (tensor<?x?x32xf32> {qeff.dim_names = ["batch_size", "seq_len", ""], qeff.name = "logits"})
  // CHECK: %[[T:.+]] = linalg.transpose ins(%[[H]] : tensor<16x32xf32>)
  // CHECK-NOT: linalg.transpose
  // CHECK: %[[X:.+]] = linalg.generic {{.*}} ins(%[[IDS]] : tensor<?x?xi64>) outs(%{{.+}} : tensor<?x?x16xf32>)
  // CHECK: tensor.extract %[[E]]
  // CHECK: linalg.generic {{.*}} ins(%[[X]], %{{.+}} : tensor<?x?x16xf32>, tensor<32x16xf32>) outs(%{{.+}} : tensor<?x?x32xf32>)
  func.func @main(%ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]})
      -> (tensor<?x?x32xf32> {qeff.name = "logits", qeff.dims = [@batch_size, @seq_len, 32]}) {
    %e = qeff.weight_ref @embed : tensor<32x16xf16>
    %a = qeff.weight_ref @alias : tensor<32x16xf32>
    %b = qeff.weight_ref @head_t : tensor<32x16xf32>
    %x = qeff.embedding %ids, %e : (tensor<?x?xi64>, tensor<32x16xf16>) -> tensor<?x?x16xf32>
    %y = qeff.linear %x, %a : (tensor<?x?x16xf32>, tensor<32x16xf32>) -> tensor<?x?x32xf32>
    %z = qeff.linear %x, %b : (tensor<?x?x16xf32>, tensor<32x16xf32>) -> tensor<?x?x32xf32>
    %s = qeff.add %y, %z : tensor<?x?x32xf32>
    return %s : tensor<?x?x32xf32>
  }
}
