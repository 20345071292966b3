// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @paths
func.func @paths(%x: tensor<?x?x16xf32>, %y: tensor<?x?x24xf32>, %a: tensor<8x16xf32>, %b: tensor<72x8xf32>, %s: tensor<1xf32>) -> tensor<?x?x24xf32> {
  // CHECK: %[[P:.*]] = qeff.lora %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} scope("layers.0.self_attn.q_proj") : (tensor<?x?x16xf32>, tensor<?x?x24xf32>, tensor<8x16xf32>, tensor<72x8xf32>, tensor<1xf32>) -> tensor<?x?x24xf32>
  %0 = qeff.lora %x, %y, %a, %b, %s scope("layers.0.self_attn.q_proj") : (tensor<?x?x16xf32>, tensor<?x?x24xf32>, tensor<8x16xf32>, tensor<72x8xf32>, tensor<1xf32>) -> tensor<?x?x24xf32>
  // CHECK: qeff.lora %{{.*}}, %[[P]], %{{.*}}, %{{.*}}, %{{.*}} {row = 48 : i64} : (tensor<?x?x16xf32>, tensor<?x?x24xf32>, tensor<8x16xf32>, tensor<72x8xf32>, tensor<1xf32>) -> tensor<?x?x24xf32>
  %1 = qeff.lora %x, %0, %a, %b, %s {row = 48 : i64} : (tensor<?x?x16xf32>, tensor<?x?x24xf32>, tensor<8x16xf32>, tensor<72x8xf32>, tensor<1xf32>) -> tensor<?x?x24xf32>
  return %1 : tensor<?x?x24xf32>
}
