// RUN: qeff-opt %s --qeff-clip-fp16 --split-input-file | FileCheck %s
// RUN: qeff-opt %s --qeff-clip-fp16 --qeff-clip-fp16 --split-input-file | FileCheck %s

qeff.file "private" @f "b" {root = "model", size = 65536 : i64}
qeff.weight "private" @f32 file(@f) {offset = 0 : i64} : tensor<8x8xf32>
qeff.weight "private" @f16 file(@f) {offset = 0 : i64} : tensor<8x8xf16>
qeff.weight "private" @bf16 file(@f) {offset = 0 : i64} : tensor<8x8xbf16>
qeff.weight "private" @q8 file(@f) {encoding = #qeff.block<q8_0>, offset = 0 : i64} : tensor<8x32xf32>

// CHECK-LABEL: @weights
func.func @weights() -> (tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x32xf16>) {
  // CHECK: %[[W:.*]] = qeff.weight_ref @f32
  // CHECK: %[[C:.*]] = qeff.clip %[[W]] {keep_negative_infinity, max = 6.550400e+04 : f64, min = -6.550400e+04 : f64} : tensor<8x8xf32>
  // CHECK: %[[H:.*]] = qeff.cast %[[C]] : tensor<8x8xf32> -> tensor<8x8xf16>
  %0 = qeff.weight_ref @f32 : tensor<8x8xf32>
  %1 = qeff.cast %0 : tensor<8x8xf32> -> tensor<8x8xf16>
  // Through any lazy op, and bf16 by way of f32.
  // CHECK: %[[B:.*]] = qeff.weight_ref @bf16
  // CHECK: %[[T:.*]] = qeff.transpose %[[B]]
  // CHECK: %[[WIDE:.*]] = qeff.cast %[[T]] : tensor<8x8xbf16> -> tensor<8x8xf32>
  // CHECK: %[[CB:.*]] = qeff.clip %[[WIDE]] {keep_negative_infinity
  // CHECK: qeff.cast %[[CB]] : tensor<8x8xf32> -> tensor<8x8xf16>
  %2 = qeff.weight_ref @bf16 : tensor<8x8xbf16>
  %3 = qeff.transpose %2 [1, 0] : tensor<8x8xbf16> -> tensor<8x8xbf16>
  %4 = qeff.cast %3 : tensor<8x8xbf16> -> tensor<8x8xf16>
  // CHECK: %[[Q:.*]] = qeff.weight_ref @q8
  // CHECK: qeff.clip %[[Q]]
  %5 = qeff.weight_ref @q8 : tensor<8x32xf32>
  %6 = qeff.cast %5 : tensor<8x32xf32> -> tensor<8x32xf16>
  return %1, %4, %6 : tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x32xf16>
}

// What cannot leave the range.
// CHECK-LABEL: @in_range
func.func @in_range() -> (tensor<8x8xf16>, tensor<8x8xf16>, tensor<2xf16>, tensor<4x4xf16>) {
  // CHECK-NOT: max = 6.550400e+04
  // CHECK: return
  %0 = qeff.weight_ref @f16 : tensor<8x8xf16>
  %1 = qeff.cast %0 : tensor<8x8xf16> -> tensor<8x8xf32>
  %2 = qeff.cast %1 : tensor<8x8xf32> -> tensor<8x8xf16>
  %3 = qeff.weight_ref @f32 : tensor<8x8xf32>
  %4 = qeff.clip %3 {max = 8.0 : f64, min = -8.0 : f64} : tensor<8x8xf32>
  %5 = qeff.cast %4 : tensor<8x8xf32> -> tensor<8x8xf16>
  %6 = arith.constant dense<[65504.0, 0xFF800000]> : tensor<2xf32>
  %7 = qeff.cast %6 : tensor<2xf32> -> tensor<2xf16>
  %8 = qeff.rope_table {max_position = 8 : i64, theta = 1.0e4 : f64} : tensor<4x4xf32>
  %9 = qeff.cast %8 : tensor<4x4xf32> -> tensor<4x4xf16>
  return %2, %5, %7, %9 : tensor<8x8xf16>, tensor<8x8xf16>, tensor<2xf16>, tensor<4x4xf16>
}

// CHECK-LABEL: @constant
func.func @constant() -> tensor<2xf16> {
  // CHECK: %[[C:.*]] = arith.constant
  // CHECK: qeff.clip %[[C]]
  %0 = arith.constant dense<[65505.0, 0.0]> : tensor<2xf32>
  %1 = qeff.cast %0 : tensor<2xf32> -> tensor<2xf16>
  return %1 : tensor<2xf16>
}

// A number may lead out of the range.
// CHECK-LABEL: @numbers
func.func @numbers() -> tensor<8x8xf16> {
  // CHECK: %[[S:.*]] = qeff.scale
  // CHECK: %[[C:.*]] = qeff.clip %[[S]]
  // CHECK: qeff.cast %[[C]]
  %0 = qeff.weight_ref @f16 : tensor<8x8xf16>
  %1 = qeff.cast %0 : tensor<8x8xf16> -> tensor<8x8xf32>
  %2 = qeff.scale %1 {factor = 8.0 : f64} : tensor<8x8xf32>
  %3 = qeff.cast %2 : tensor<8x8xf32> -> tensor<8x8xf16>
  return %3 : tensor<8x8xf16>
}

// -----

// In weight expressions, and through references to them.
qeff.file "private" @f "b" {root = "model", size = 65536 : i64}
qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
// CHECK: qeff.weight_expr "private" @t
qeff.weight_expr "private" @t : tensor<8x8xf32> {
  %0 = qeff.weight_ref @w : tensor<8x8xf32>
  %1 = qeff.transpose %0 [1, 0] : tensor<8x8xf32> -> tensor<8x8xf32>
  // CHECK-NOT: qeff.clip
  // CHECK: qeff.yield
  qeff.yield %1 : tensor<8x8xf32>
}
// CHECK: qeff.weight_expr "private" @h
qeff.weight_expr "private" @h : tensor<8x8xf16> {
  // CHECK: %[[T:.*]] = qeff.weight_ref @t
  // CHECK: qeff.clip %[[T]]
  %0 = qeff.weight_ref @t : tensor<8x8xf32>
  %1 = qeff.cast %0 : tensor<8x8xf32> -> tensor<8x8xf16>
  qeff.yield %1 : tensor<8x8xf16>
}
