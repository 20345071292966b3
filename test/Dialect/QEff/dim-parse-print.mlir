// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// The default, min = 1, is not printed.
// CHECK: qeff.dim @seq_len {max = 8192 : i64}
qeff.dim @seq_len {max = 8192 : i64, min = 1 : i64}
// CHECK: qeff.dim @batch_size{{$}}
qeff.dim @batch_size
// CHECK: qeff.dim "private" @past_len {max = 0 : i64, min = 0 : i64}
qeff.dim "private" @past_len {max = 0 : i64, min = 0 : i64}
