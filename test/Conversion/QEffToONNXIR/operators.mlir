// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f16 | FileCheck %s

// Operators that were no ops of qeff keep their types in a graph of another.
module {
  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x4xf16>
  func.func @main(%x: tensor<?x4xf32> {qeff.name = "x"}) -> (tensor<?x4xf32> {qeff.name = "y"}) {
    // CHECK: %[[SUM:.+]] = onnxir.node "Add"({{.*}} -> tensor<?x4xf16>
    %0 = qeff.add %x, %x : tensor<?x4xf32>
    // CHECK: %[[WIDE:.+]] = onnxir.node "Cast"(%[[SUM]]) {{.*}} -> tensor<?x4xf32>
    // CHECK: %[[ERF:.+]] = onnxir.Erf(%[[WIDE]]) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %1 = onnxir.Erf(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    // CHECK: %[[NARROW:.+]] = onnxir.node "Cast"(%[[ERF]]) {{.*}} -> tensor<?x4xf16>
    // CHECK: onnxir.node "Mul"(%[[NARROW]], %[[NARROW]]) {{.*}} -> tensor<?x4xf16>
    %2 = qeff.mul %1, %1 : tensor<?x4xf32>
    return %2 : tensor<?x4xf32>
  }
}
