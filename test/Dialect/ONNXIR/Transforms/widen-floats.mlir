// RUN: qeff-opt %s --onnxir-widen-floats --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x4xf16>) -> tensor<?x4xf16>
func.func @main(%x: tensor<?x4xf16>) -> tensor<?x4xf16> {
  // CHECK: %[[WIDE:.+]] = onnxir.Cast(%[[X]]) {{.*}}to = 1 {{.*}} -> tensor<?x4xf32>
  // CHECK: %[[W:.+]] = onnxir.initializer "w" {{.*}} : tensor<4xf16>
  // CHECK: %[[W32:.+]] = onnxir.Cast(%[[W]]) {{.*}} -> tensor<4xf32>
  %w = onnxir.initializer "w" dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf16>
  // CHECK: %[[SUM:.+]] = onnxir.Add(%[[WIDE]], %[[W32]]) {{.*}} -> tensor<?x4xf32>
  %0 = onnxir.Add(%x, %w) : (tensor<?x4xf16>, tensor<4xf16>) -> tensor<?x4xf16>
  // Rounding between operators goes away.
  // CHECK: %[[SAME:.+]] = onnxir.Cast(%[[SUM]]) {{.*}}to = 1 {{.*}}(tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = onnxir.Cast(%0) {to = 16 : i64} : (tensor<?x4xf16>) -> tensor<?x4xbf16>
  // What is no typed operator keeps its types.
  // CHECK: %[[BACK:.+]] = onnxir.Cast(%[[SAME]]) {{.*}} -> tensor<?x4xbf16>
  // CHECK: %[[N:.+]] = onnxir.node "com.example::Op"(%[[BACK]]) : (tensor<?x4xbf16>) -> tensor<?x4xf16>
  // CHECK: %[[N32:.+]] = onnxir.Cast(%[[N]]) {{.*}} -> tensor<?x4xf32>
  %2 = onnxir.node "com.example::Op"(%1) : (tensor<?x4xbf16>) -> tensor<?x4xf16>
  // CHECK: %[[NEG:.+]] = onnxir.Neg(%[[N32]])
  %3 = onnxir.Neg(%2) : (tensor<?x4xf16>) -> tensor<?x4xf16>
  // CHECK: %[[Y:.+]] = onnxir.Cast(%[[NEG]]) {{.*}}to = 10 {{.*}} -> tensor<?x4xf16>
  // CHECK: return %[[Y]]
  return %3 : tensor<?x4xf16>
}

// -----

// Subgraphs see the values around them: nothing changes.
// CHECK-LABEL: func.func @subgraph
// CHECK-NOT: onnxir.Cast
func.func @subgraph(%c: tensor<i1>, %x: tensor<4xf16>) -> tensor<4xf16> {
  %0 = onnxir.Neg(%x) : (tensor<4xf16>) -> tensor<4xf16>
  %1 = onnxir.node "If"(%c) subgraphs ["then_branch", "else_branch"] {
    onnxir.return %0 : tensor<4xf16>
  }, {
    onnxir.return %x : tensor<4xf16>
  } : (tensor<i1>) -> tensor<4xf16>
  return %1 : tensor<4xf16>
}
