// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @gated
func.func @gated(%g: tensor<?x?x16xf32>, %u: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  // CHECK: qeff.gate %{{.*}}, %{{.*}} {kind = #qeff.activation<silu>} : tensor<?x?x16xf32>
  %2 = qeff.gate %g, %u {kind = #qeff.activation<silu>} : tensor<?x?x16xf32>
  // CHECK: qeff.gate %{{.*}}, %{{.*}} scope("layers.0.mlp") {kind = #qeff.activation<gelu_tanh>} : tensor<?x?x16xf32>
  %3 = qeff.gate %2, %u scope("layers.0.mlp") {kind = #qeff.activation<gelu_tanh>} : tensor<?x?x16xf32>
  return %3 : tensor<?x?x16xf32>
}
