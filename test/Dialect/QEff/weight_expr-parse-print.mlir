// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

qeff.file "private" @f "b" {root = "model", size = 512 : i64}
qeff.weight "private" @q file(@f) {offset = 0 : i64} : tensor<16x16xf16>
// CHECK: qeff.weight_expr "private" @q_t : tensor<16x16xf16> {
// CHECK-NEXT: %[[Q:.*]] = qeff.weight_ref @q : tensor<16x16xf16>
// CHECK-NEXT: %[[T:.*]] = qeff.transpose %[[Q]] [1, 0] : tensor<16x16xf16> -> tensor<16x16xf16>
// CHECK-NEXT: qeff.yield %[[T]] : tensor<16x16xf16>
qeff.weight_expr "private" @q_t : tensor<16x16xf16> {
  %0 = qeff.weight_ref @q : tensor<16x16xf16>
  %1 = qeff.transpose %0 [1, 0] : tensor<16x16xf16> -> tensor<16x16xf16>
  qeff.yield %1 : tensor<16x16xf16>
}
// CHECK: qeff.weight_expr @again : tensor<16x16xf16> attributes {key = "00", scope = "q"} {
// CHECK-NEXT: %[[E:.*]] = qeff.weight_ref @q_t : tensor<16x16xf16>
// CHECK-NEXT: qeff.yield %[[E]] : tensor<16x16xf16>
qeff.weight_expr @again : tensor<16x16xf16> attributes {key = "00", scope = "q"} {
  %0 = qeff.weight_ref @q_t : tensor<16x16xf16>
  qeff.yield %0 : tensor<16x16xf16>
}
