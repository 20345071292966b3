// RUN: qeff-opt %s --qeff-annotate-specializations='prefill-seq-len=48 batch-size=2' --qeff-insert-kv-cache | FileCheck %s
// RUN: not qeff-opt %s --qeff-annotate-specializations='prefill-seq-len=65' 2>&1 | FileCheck %s --check-prefix=LEARNED

// An encoder has one specialization, of one call, and no states.
// LEARNED: error: expects prefill-seq-len <= 64, the model's learned positions, got 65

// CHECK: module attributes {qeff.phase = #qeff.phase<stateful>, qeff.specializations = [#qeff.spec<"encode", {batch_size = 2 : i64, seq_len = 48 : i64}>]}
module attributes {qeff.phase = #qeff.phase<canonical>} {
  qeff.dim @batch_size
  qeff.dim @seq_len
  qeff.file "private" @f "w.bin" {root = "model", size = 4096 : i64}
  qeff.weight "private" @wpe file(@f) {offset = 0 : i64} : tensor<64x8xf32>
  // CHECK-NOT: ctx_len
  // CHECK: func.func @main
  // CHECK-NOT: qeff.cache
  // CHECK: qeff.attention %{{.+}}, %[[X:.+]], %[[X]], %{{.+}}, %{{.+}} {scale
  // CHECK: return
  func.func @main(%ids: tensor<?x?xi64> {qeff.name = "input_ids", qeff.dims = [@batch_size, @seq_len]},
                  %mask: tensor<?x?xi64> {qeff.name = "attention_mask", qeff.dims = [@batch_size, @seq_len]})
      -> (tensor<?x?x8xf32> {qeff.name = "last_hidden_state", qeff.dims = [@batch_size, @seq_len, 8]}) {
    %table = qeff.weight_ref @wpe : tensor<64x8xf32>
    %pos = qeff.iota %ids : tensor<?x?xi64>
    %keys = qeff.mask_positions %mask : tensor<?x?xi64>
    %0 = qeff.embedding %pos, %table : (tensor<?x?xi64>, tensor<64x8xf32>) -> tensor<?x?x8xf32>
    %1 = qeff.split_heads %0 : tensor<?x?x8xf32> -> tensor<?x2x?x4xf32>
    %2 = qeff.attention %1, %1, %1, %pos, %keys {scale = 0.5 : f64}
        : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x2x?x4xf32>
    %3 = qeff.merge_heads %2 : tensor<?x2x?x4xf32> -> tensor<?x?x8xf32>
    return %3 : tensor<?x?x8xf32>
  }
}
