// RUN: qeff-opt %s --qeff-annotate-specializations='prefill-seq-len=8 ctx-len=64 batch-size=2' | FileCheck %s
// RUN: qeff-opt %s --qeff-annotate-specializations='prefill-seq-len=1 ctx-len=64' | FileCheck %s --check-prefix=SINGLE
// RUN: qeff-opt %s --qeff-annotate-specializations=ctx-len=2048 2>&1 | FileCheck %s --check-prefix=REACH

// CHECK: qeff.specializations = [#qeff.spec<"prefill", {batch_size = 2 : i64, ctx_len = 64 : i64, seq_len = 8 : i64}>, #qeff.spec<"decode", {batch_size = 2 : i64, ctx_len = 64 : i64, seq_len = 1 : i64}>]
// SINGLE: qeff.specializations = [#qeff.spec<"decode", {batch_size = 1 : i64, ctx_len = 64 : i64, seq_len = 1 : i64}>]
// REACH: warning: ctx-len 2048 is beyond the 64 positions that the model was trained for
// REACH: ctx_len = 2048 : i64
module attributes {qeff.max_position = 64 : i64} {
}
