// RUN: qeff-opt %s --qeff-outline-weights --split-input-file | FileCheck %s
// RUN: qeff-opt %s --qeff-outline-weights --qeff-outline-weights --split-input-file | FileCheck %s

qeff.file "private" @f "b" {root = "model", size = 65536 : i64}
qeff.weight "private" @q file(@f) {offset = 0 : i64, scope = "layers.0.q"} : tensor<4x8xf32>
qeff.weight "private" @k file(@f) {offset = 128 : i64} : tensor<4x8xf32>

// One symbol for equal keys, named after the weight and the last op.
// CHECK: qeff.weight "private" @k
// CHECK-NEXT: qeff.weight_expr "private" @q.transpose : tensor<8x4xf32> attributes {key = "{{[0-9a-f]+}}", scope = "layers.0.q"} {
// CHECK-NEXT:   %[[Q:.*]] = qeff.weight_ref @q : tensor<4x8xf32>
// CHECK-NEXT:   %[[T:.*]] = qeff.transpose %[[Q]] [1, 0]
// CHECK-NEXT:   qeff.yield %[[T]]
// CHECK-NEXT: }
// CHECK: qeff.weight_expr "private" @k.transpose : tensor<8x8xf16>
// CHECK:   qeff.weight_ref @k
// CHECK:   arith.constant
// CHECK:   qeff.concat
// CHECK:   qeff.cast
// CHECK:   qeff.transpose
// CHECK: qeff.weight_expr "private" @rope_table : tensor<16x8xf32>
// CHECK-NOT: qeff.weight_expr

// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<2x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x8xf16>, tensor<4x8xf32>, tensor<16x8xf32>, tensor<4x2xf32>) {
  // CHECK-DAG: %[[A:.*]] = qeff.weight_ref @q.transpose : tensor<8x4xf32>
  // CHECK-DAG: %[[B:.*]] = qeff.weight_ref @q.transpose : tensor<8x4xf32>
  // CHECK-DAG: %[[C:.*]] = qeff.weight_ref @k.transpose : tensor<8x8xf16>
  // CHECK-DAG: %[[D:.*]] = qeff.weight_ref @q : tensor<4x8xf32>
  // CHECK-DAG: %[[E:.*]] = qeff.weight_ref @rope_table : tensor<16x8xf32>
  // An activation stays in place.
  // CHECK-DAG: %[[X:.*]] = qeff.transpose %{{.*}} [1, 0] : tensor<2x4xf32> -> tensor<4x2xf32>
  // CHECK-NOT: qeff.cast
  %q = qeff.weight_ref @q : tensor<4x8xf32>
  %0 = qeff.transpose %q [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %q2 = qeff.weight_ref @q : tensor<4x8xf32>
  %1 = qeff.transpose %q2 [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %k = qeff.weight_ref @k : tensor<4x8xf32>
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %2 = qeff.concat %k, %z {axis = 0 : i64} : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<8x8xf32>
  %3 = qeff.cast %2 : tensor<8x8xf32> -> tensor<8x8xf16>
  %4 = qeff.transpose %3 [1, 0] : tensor<8x8xf16> -> tensor<8x8xf16>
  %5 = qeff.rope_table {max_position = 16 : i64, theta = 1.0e4 : f64} : tensor<16x8xf32>
  %6 = qeff.transpose %x [1, 0] : tensor<2x4xf32> -> tensor<4x2xf32>
  // CHECK: return
  return %0, %1, %4, %q, %5, %6 : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x8xf16>, tensor<4x8xf32>, tensor<16x8xf32>, tensor<4x2xf32>
}

// -----

// A value that both a weight and something else use, and a name that is taken.
qeff.file "private" @f "b" {root = "model", size = 65536 : i64}
qeff.weight "private" @q file(@f) {offset = 0 : i64} : tensor<4x8xf32>
qeff.weight "private" @q.cast file(@f) {offset = 0 : i64} : tensor<4x8xf32>

// CHECK: qeff.weight_expr "private" @q.cast_1 : tensor<4x8xf16>
// CHECK: qeff.weight_expr "private" @q.transpose : tensor<8x4xf16>
// CHECK-LABEL: func.func @shared
func.func @shared() -> (tensor<4x8xf16>, tensor<8x4xf16>) {
  // CHECK-DAG: %[[C:.*]] = qeff.weight_ref @q.cast_1
  // CHECK-DAG: %[[T:.*]] = qeff.weight_ref @q.transpose
  // CHECK: return %[[C]], %[[T]]
  %q = qeff.weight_ref @q : tensor<4x8xf32>
  %0 = qeff.cast %q : tensor<4x8xf32> -> tensor<4x8xf16>
  %1 = qeff.transpose %0 [1, 0] : tensor<4x8xf16> -> tensor<8x4xf16>
  return %0, %1 : tensor<4x8xf16>, tensor<8x4xf16>
}
