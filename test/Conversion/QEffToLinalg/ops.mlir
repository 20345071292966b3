// RUN: qeff-opt %s --convert-qeff-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @lora_merge
// CHECK: math.fma
// CHECK: math.fma
// CHECK: math.sqrt
// CHECK-NOT: qeff.
func.func @lora_merge(%w: tensor<24x16xbf16>, %a: tensor<4x16xf32>, %b: tensor<24x4xf32>, %m: tensor<24xf32>) -> tensor<24x16xbf16> {
  %0 = qeff.lora_merge %w, %a, %b magnitude(%m : tensor<24xf32>) {scaling = 2.0 : f64} : tensor<24x16xbf16>, tensor<4x16xf32>, tensor<24x4xf32>
  return %0 : tensor<24x16xbf16>
}

// CHECK-LABEL: func.func @lora
// CHECK: tensor.extract_slice %{{.+}}[8, 0] [24, 8] [1, 1]
// CHECK-NOT: qeff.
func.func @lora(%x: tensor<?x?x16xf32>, %y: tensor<?x?x24xf32>, %a: tensor<8x16xf32>, %b: tensor<32x8xf32>, %s: tensor<1xf32>) -> tensor<?x?x24xf32> {
  %0 = qeff.lora %x, %y, %a, %b, %s {row = 8 : i64} : (tensor<?x?x16xf32>, tensor<?x?x24xf32>, tensor<8x16xf32>, tensor<32x8xf32>, tensor<1xf32>) -> tensor<?x?x24xf32>
  return %0 : tensor<?x?x24xf32>
}

// CHECK-LABEL: func.func @shapes
// CHECK: tensor.expand_shape {{.+}} output_shape [2, 4, 2, 8]
// CHECK: linalg.transpose {{.*}} permutation = [0, 2, 1, 3]
// CHECK: tensor.extract_slice %{{.+}}[4, 0] [4, 8] [1, 1]
// CHECK: tensor.insert_slice %{{.+}} into %{{.+}}[0, 0] [4, 8] [1, 1]
// CHECK: tensor.insert_slice %{{.+}} into %{{.+}}[4, 0] [16, 8] [1, 1]
// CHECK-NOT: qeff.
func.func @shapes(%w: tensor<16x8xf16>) -> tensor<20x8xf16> {
  %0 = qeff.permute_rows %w {heads = 2 : i64, order = #qeff.row_order<deinterleave>} : tensor<16x8xf16>
  %1 = qeff.slice %w [4, 0] : tensor<16x8xf16> -> tensor<4x8xf16>
  %2 = qeff.concat %1, %0 {axis = 0 : i64} : tensor<4x8xf16>, tensor<16x8xf16> -> tensor<20x8xf16>
  return %2 : tensor<20x8xf16>
}

// CHECK-LABEL: func.func @table
// CHECK: arith.constant dense<{{.*}}> : tensor<4xf32>
// CHECK: math.cos
// CHECK: math.sin
func.func @table() -> tensor<16x8xf32> {
  %0 = qeff.rope_table {max_position = 16 : i64, theta = 1.0e4 : f64} : tensor<16x8xf32>
  return %0 : tensor<16x8xf32>
}

// The bounds of f16 and bf16 are rounded inward.
// CHECK-LABEL: func.func @clip
// CHECK: arith.constant 6.528000e+04 : f32
func.func @clip(%x: tensor<?xbf16>) -> tensor<?xbf16> {
  %0 = qeff.clip %x {max = 65504.0 : f64, min = -65504.0 : f64} : tensor<?xbf16>
  return %0 : tensor<?xbf16>
}

// CHECK-LABEL: func.func @cache
// CHECK: scf.for
// CHECK: scf.for
// CHECK: arith.cmpi ult
// CHECK: tensor.insert_slice
// CHECK-NOT: qeff.
func.func @cache(%cache: tensor<?x2x?x8xf32>, %pos: tensor<?x?xi64>, %k: tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32> {
  %0 = qeff.cache_write %cache[%pos], %k : tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x2x?x8xf32>
  return %0 : tensor<?x2x?x8xf32>
}

// What ONNX operators are left become linalg too, where they are static.
// CHECK-LABEL: func.func @onnx
// CHECK: linalg.generic
// CHECK-NOT: onnxir.
func.func @onnx(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnxir.node "Shrink"(%x) since 9 : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
