// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f16 --qeff-clip-fp16 --qeff-outline-weights | FileCheck %s

// A merged weight keeps the base's name and becomes one expression.

// CHECK: qeff.weight_expr "private" @[[EXPR:.+]] : tensor<16x24xf16>
// CHECK: %[[MERGED:.+]] = qeff.lora_merge
// CHECK: qeff.clip
// CHECK: onnxir.weight "model.o.weight" %{{.+}} scope("o.weight")
module attributes {qeff.phase = #qeff.phase<tuned>} {
  qeff.dim @batch_size
  qeff.dim @seq_len
  qeff.file "private" @f "w.bin" {root = "model", size = 8192 : i64}
  qeff.weight "private" @model.o.weight file(@f) {offset = 0 : i64} : tensor<24x16xbf16>
  qeff.weight "private" @a file(@f) {offset = 2048 : i64} : tensor<4x16xf32>
  qeff.weight "private" @b file(@f) {offset = 4096 : i64} : tensor<24x4xf32>
  func.func @main(%x: tensor<?x?x16xf32> {qeff.name = "x", qeff.dims = [@batch_size, @seq_len, 16]})
      -> (tensor<?x?x24xf32> {qeff.name = "y", qeff.dims = [@batch_size, @seq_len, 24]}) {
    %o = qeff.weight_ref @model.o.weight : tensor<24x16xbf16>
    %a = qeff.weight_ref @a : tensor<4x16xf32>
    %b = qeff.weight_ref @b : tensor<24x4xf32>
    %w = qeff.lora_merge %o, %a, %b {scaling = 2.0 : f64} : tensor<24x16xbf16>, tensor<4x16xf32>, tensor<24x4xf32>
    %0 = qeff.linear %x, %w scope("o") : (tensor<?x?x16xf32>, tensor<24x16xbf16>) -> tensor<?x?x24xf32>
    return %0 : tensor<?x?x24xf32>
  }
}
