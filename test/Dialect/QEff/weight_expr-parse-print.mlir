// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

qeff.file "private" @f "b" {root = "model", size = 64 : i64}
qeff.weight "private" @q file(@f) {offset = 0 : i64} : tensor<4x4xf32>
// CHECK: qeff.weight_expr "private" @q_t : tensor<4x4xf32> attributes {key = "00", scope = "q"} {
// CHECK-NEXT: %[[Q:.*]] = qeff.weight_ref @q : tensor<4x4xf32>
// CHECK-NEXT: %[[T:.*]] = qeff.transpose %[[Q]] [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
// CHECK-NEXT: qeff.yield %[[T]] : tensor<4x4xf32>
qeff.weight_expr "private" @q_t : tensor<4x4xf32> attributes {key = "00", scope = "q"} {
  %0 = qeff.weight_ref @q : tensor<4x4xf32>
  %1 = qeff.transpose %0 [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  qeff.yield %1 : tensor<4x4xf32>
}
