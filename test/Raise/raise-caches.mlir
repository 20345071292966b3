// RUN: qeff-opt --qeff-raise-caches %s | FileCheck %s

// The cache goes, its dim is 0 where it is a part of a sum.
// CHECK-DAG: qeff.dim @s
// CHECK-LABEL: func.func @main
// CHECK-SAME: %arg0: tensor<?x2x0x4xf32>
// CHECK-SAME: %arg2: tensor<?x?xi64> {qeff.dims = [@b, @s]}
// CHECK-SAME: -> tensor<?x2x?x4xf32>
// CHECK-NOT: onnxir.Concat
module {
  qeff.dim @b {min = 0 : i64}
  qeff.dim @p {min = 0 : i64}
  qeff.dim @s {min = 0 : i64}
  qeff.dim @"p + s" {min = 0 : i64}
  func.func @main(%past: tensor<?x2x?x4xf32> {qeff.dims = [@b, 2, @p, 4]}, %k: tensor<?x2x?x4xf32> {qeff.dims = [@b, 2, @s, 4]}, %mask: tensor<?x?xi64> {qeff.dims = [@b, @"p + s"]}) -> (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) {
    %0 = onnxir.Concat(%past, %k) {axis = -2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    %1 = onnxir.Neg(%0) : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    return %1, %0 : tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>
  }
}
