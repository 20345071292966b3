// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @heads
func.func @heads(%0: tensor<?x?x32xf32>, %a: tensor<1x6x32xf16>) -> tensor<?x4x?x8xf32> {
  // CHECK: qeff.split_heads %{{.*}} : tensor<?x?x32xf32> -> tensor<?x4x?x8xf32>
  %1 = qeff.split_heads %0 : tensor<?x?x32xf32> -> tensor<?x4x?x8xf32>
  // CHECK: qeff.split_heads %{{.*}} scope("layers.0.self_attn") : tensor<1x6x32xf16> -> tensor<1x4x6x8xf16>
  %2 = qeff.split_heads %a scope("layers.0.self_attn") : tensor<1x6x32xf16> -> tensor<1x4x6x8xf16>
  return %1 : tensor<?x4x?x8xf32>
}
