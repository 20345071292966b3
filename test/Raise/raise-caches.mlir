// RUN: qeff-opt --split-input-file --qeff-raise-caches %s | FileCheck %s

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

// -----

// The cache of an operator; a result that something else uses is none.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.microsoft.GroupQueryAttention(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %arg{{[0-9]}}, {{.*}} none, tensor<?x1x?x4xf32>,
// CHECK: return %{{.*}}, %{{.*}} : tensor<?x?x8xf32>, tensor<?x1x?x4xf32>
module {
  qeff.dim @b {min = 0 : i64}
  qeff.dim @p {min = 0 : i64}
  qeff.dim @s {min = 0 : i64}
  func.func @main(%x: tensor<?x?x16xf32> {qeff.dims = [@b, @s, 16]}, %k: tensor<?x1x?x4xf32> {qeff.dims = [@b, 1, @p, 4]}, %v: tensor<?x1x?x4xf32> {qeff.dims = [@b, 1, @s, 4]}, %n: tensor<?xi32> {qeff.dims = [@b]}, %t: tensor<i32> {qeff.dims = []}) -> (tensor<?x?x8xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>) {
    %none = onnxir.none
    %o:4 = onnxir.microsoft.GroupQueryAttention(%x, %none, %none, %k, %v, %n, %t, %none, %none, %none, %none, %none, %none, %none, %none, %none, %none) {kv_num_heads = 1 : i64, num_heads = 2 : i64} : (tensor<?x?x16xf32>, none, none, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?xi32>, tensor<i32>, none, none, none, none, none, none, none, none, none, none) -> (tensor<?x?x8xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>, none)
    %m = onnxir.Neg(%o#2) : (tensor<?x1x?x4xf32>) -> tensor<?x1x?x4xf32>
    return %o#0, %o#1, %m : tensor<?x?x8xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>
  }
}
