// RUN: qeff-opt %s --convert-qeff-to-onnxir --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @positions
func.func @positions(%mask: tensor<?x?xi64> {qeff.name = "mask"}) -> (tensor<?x?xi64> {qeff.name = "a"}, tensor<?x?xi64> {qeff.name = "b"}) {
  // CHECK: %[[HIDDEN:.+]] = onnxir.node "Equal"(%arg0, %{{.+}}) since 13 name("/positions/Equal")
  // CHECK: %[[RANGE:.+]] = onnxir.node "Range"
  // CHECK: onnxir.node "Where"(%[[HIDDEN]], %{{.+}}, %[[RANGE]]) {{.*}} -> tensor<?x?xi64>
  %0 = qeff.mask_positions %mask : tensor<?x?xi64>
  // CHECK: onnxir.node "Expand"(%[[RANGE]], %{{.+}}) {{.*}} -> tensor<?x?xi64>
  %1 = qeff.iota %mask : tensor<?x?xi64>
  return %0, %1 : tensor<?x?xi64>, tensor<?x?xi64>
}

// -----

// Positions that may be -1 are limited in front of a table, counted ones are not.
// CHECK-LABEL: func.func @tables
func.func @tables(%mask: tensor<?x?xi64> {qeff.name = "mask"}) -> (tensor<?x?x2xf32> {qeff.name = "y"}) {
  %table = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  // CHECK: %[[CLIPPED:.+]] = onnxir.node "Max"
  // CHECK: onnxir.node "Gather"(%{{.+}}, %[[CLIPPED]])
  %0 = qeff.mask_positions %mask : tensor<?x?xi64>
  %1 = qeff.embedding %0, %table : (tensor<?x?xi64>, tensor<2x2xf32>) -> tensor<?x?x2xf32>
  // CHECK: %[[ALL:.+]] = onnxir.node "Expand"
  // CHECK: onnxir.node "Gather"(%{{.+}}, %[[ALL]])
  %2 = qeff.iota %mask : tensor<?x?xi64>
  %3 = qeff.embedding %2, %table : (tensor<?x?xi64>, tensor<2x2xf32>) -> tensor<?x?x2xf32>
  %4 = qeff.add %1, %3 : tensor<?x?x2xf32>
  return %4 : tensor<?x?x2xf32>
}

// -----

// CHECK-LABEL: func.func @pools
func.func @pools(%x: tensor<?x?x8xf32> {qeff.name = "x"}, %pos: tensor<?x?xi64> {qeff.name = "pos"})
    -> (tensor<?x8xf32> {qeff.name = "y"}) {
  // CHECK: onnxir.node "Gather"(%arg0, %{{.+}}) {{.*}}attrs {axis = 1 : i64} {{.*}} -> tensor<?x8xf32>
  %0 = qeff.pool %x scope("pooler") {kind = #qeff.pool<cls>} : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnxir.node "GreaterOrEqual"
  // CHECK: onnxir.node "ReduceSum"
  // CHECK: onnxir.node "Div"
  %1 = qeff.pool %x, %pos {kind = #qeff.pool<mean>} : (tensor<?x?x8xf32>, tensor<?x?xi64>) -> tensor<?x8xf32>
  // CHECK: onnxir.node "ArgMax"
  // CHECK: onnxir.node "GatherND"
  %2 = qeff.pool %x, %pos {kind = #qeff.pool<last>} : (tensor<?x?x8xf32>, tensor<?x?xi64>) -> tensor<?x8xf32>
  // CHECK: onnxir.node "ReduceMax"
  %3 = qeff.pool %x {kind = #qeff.pool<max>} : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnxir.node "ReduceMean"
  %4 = qeff.pool %x {kind = #qeff.pool<mean>} : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
  %5 = qeff.add %0, %1 : tensor<?x8xf32>
  %6 = qeff.add %2, %3 : tensor<?x8xf32>
  %7 = qeff.mul %5, %6 : tensor<?x8xf32>
  %8 = qeff.add %7, %4 : tensor<?x8xf32>
  return %8 : tensor<?x8xf32>
}
