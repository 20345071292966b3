// RUN: split-file %s %t
// RUN: not qeff-opt %t/empty.mlir --qeff-annotate-specializations=ctx-len=0 2>&1 | FileCheck %s --check-prefix=POSITIVE
// RUN: not qeff-opt %t/empty.mlir --qeff-annotate-specializations=batch-size=-1 2>&1 | FileCheck %s --check-prefix=BATCH
// RUN: not qeff-opt %t/empty.mlir --qeff-annotate-specializations=prefill-seq-len=0 2>&1 | FileCheck %s --check-prefix=PREFILL
// RUN: not qeff-opt %t/empty.mlir --qeff-annotate-specializations='prefill-seq-len=65 ctx-len=64' 2>&1 | FileCheck %s --check-prefix=LONGER
// RUN: not qeff-opt %t/trained.mlir --qeff-annotate-specializations=ctx-len=4097 2>&1 | FileCheck %s --check-prefix=REACH
// RUN: not qeff-opt %t/trained.mlir --qeff-annotate-specializations=ctx-len=9223372036854775807 2>&1 | FileCheck %s --check-prefix=HUGE
// RUN: not qeff-opt %t/learned.mlir --qeff-annotate-specializations=ctx-len=65 2>&1 | FileCheck %s --check-prefix=LEARNED

// POSITIVE: error: expects positive prefill-seq-len, ctx-len and batch-size, got 32, 0 and 1
// BATCH: error: expects positive prefill-seq-len, ctx-len and batch-size, got 32, 1024 and -1
// PREFILL: error: expects positive prefill-seq-len, ctx-len and batch-size, got 0, 1024 and 1
// LONGER: error: expects prefill-seq-len <= ctx-len, got 65 and 64
// REACH: error: expects ctx-len of at most 64 times the 64 positions that the model was trained for, got 4097
// HUGE: error: expects ctx-len of at most 64 times the 64 positions that the model was trained for, got 9223372036854775807
// LEARNED: error: expects ctx-len <= 64, the model's learned positions, got 65

//--- empty.mlir
module {
}

//--- trained.mlir
module attributes {qeff.max_position = 64 : i64} {
}

//--- learned.mlir
module {
  qeff.file "private" @f "w.bin" {root = "model", size = 4096 : i64}
  qeff.weight "private" @wpe file(@f) {offset = 0 : i64} : tensor<64x4xf32>
  func.func @main(%pos: tensor<?x?xi64> {qeff.name = "position_ids"}) -> (tensor<?x?x4xf32> {qeff.name = "y"}) {
    %table = qeff.weight_ref @wpe : tensor<64x4xf32>
    %x = qeff.embedding %pos, %table scope("wpe") : (tensor<?x?xi64>, tensor<64x4xf32>) -> tensor<?x?x4xf32>
    return %x : tensor<?x?x4xf32>
  }
}
