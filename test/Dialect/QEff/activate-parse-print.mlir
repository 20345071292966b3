// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @kinds
func.func @kinds(%0: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  // CHECK: qeff.activate %{{.*}} {kind = #qeff.activation<gelu>} : tensor<?x?x16xf32>
  %1 = qeff.activate %0 {kind = #qeff.activation<gelu>} : tensor<?x?x16xf32>
  // CHECK: qeff.activate %{{.*}} scope("layers.0.mlp.act_fn") {kind = #qeff.activation<silu>} : tensor<?x?x16xf32>
  %2 = qeff.activate %1 scope("layers.0.mlp.act_fn") {kind = #qeff.activation<silu>} : tensor<?x?x16xf32>
  // CHECK: qeff.activate %{{.*}} {kind = #qeff.activation<gelu_tanh>} : tensor<?x?x16xf32>
  %3 = qeff.activate %2 {kind = #qeff.activation<gelu_tanh>} : tensor<?x?x16xf32>
  // CHECK: qeff.activate %{{.*}} {kind = #qeff.activation<relu>} : tensor<?x?x16xf32>
  %4 = qeff.activate %3 {kind = #qeff.activation<relu>} : tensor<?x?x16xf32>
  // CHECK: qeff.activate %{{.*}} {kind = #qeff.activation<tanh>}
  %5 = qeff.activate %4 {kind = #qeff.activation<tanh>} : tensor<?x?x16xf32>
  // CHECK: qeff.activate %{{.*}} {kind = #qeff.activation<sigmoid>}
  %6 = qeff.activate %5 {kind = #qeff.activation<sigmoid>} : tensor<?x?x16xf32>
  // CHECK: qeff.activate %{{.*}} {kind = #qeff.activation<quick_gelu>}
  %7 = qeff.activate %6 {kind = #qeff.activation<quick_gelu>} : tensor<?x?x16xf32>
  return %7 : tensor<?x?x16xf32>
}
