// RUN: qeff-opt %s --qeff-fuse-adapters | FileCheck %s

// A fused module whose heads alternate: two rows of each six. b, a magnitude and
// what replaces a bias are read in the same rows.

// CHECK-NOT: qeff.adapter
module attributes {qeff.phase = #qeff.phase<canonical>} {
  qeff.file "private" @f "model.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @qkv file(@f) {offset = 0 : i64} : tensor<12x8xf32>
  qeff.weight "private" @bias file(@f) {offset = 1024 : i64} : tensor<12xf32>
  qeff.file "private" @g "adapter_model.safetensors" {root = "adapter.math", size = 65536 : i64}
  qeff.weight "private" @g.a file(@g) {offset = 0 : i64} : tensor<3x8xf32>
  qeff.weight "private" @g.b file(@g) {offset = 1024 : i64} : tensor<12x3xf32>
  qeff.weight "private" @g.m file(@g) {offset = 2048 : i64} : tensor<12xf32>
  qeff.weight "private" @g.bias file(@g) {offset = 3072 : i64} : tensor<12xf32>
  qeff.adapter "private" @math {
    qeff.adapter_lora "qkv" a(@g.a) b(@g.b) magnitude(@g.m) {scaling = 2.0 : f64}
    qeff.adapter_parameter "qkv" "bias" value(@g.bias)
  }

  // CHECK-LABEL: func.func @main
  func.func @main(%x: tensor<?x?x8xf32>) -> tensor<?x?x4xf32> {
    %qkv = qeff.weight_ref @qkv : tensor<12x8xf32>
    %bias = qeff.weight_ref @bias : tensor<12xf32>
    %0 = qeff.reshape %qkv : tensor<12x8xf32> -> tensor<2x6x8xf32>
    %1 = qeff.slice %0 [0, 2, 0] : tensor<2x6x8xf32> -> tensor<2x2x8xf32>
    %w = qeff.reshape %1 : tensor<2x2x8xf32> -> tensor<4x8xf32>
    %2 = qeff.reshape %bias : tensor<12xf32> -> tensor<2x6xf32>
    %3 = qeff.slice %2 [0, 2] : tensor<2x6xf32> -> tensor<2x2xf32>
    %c = qeff.reshape %3 : tensor<2x2xf32> -> tensor<4xf32>
    // CHECK: %[[BIAS:.+]] = qeff.weight_ref @g.bias
    // CHECK: qeff.reshape %[[BIAS]] : tensor<12xf32> -> tensor<2x6xf32>
    // CHECK: qeff.slice %{{.+}} [0, 2] : tensor<2x6xf32> -> tensor<2x2xf32>
    // CHECK: %[[C:.+]] = qeff.reshape %{{.+}} : tensor<2x2xf32> -> tensor<4xf32>
    // CHECK: %[[M:.+]] = qeff.weight_ref @g.m
    // CHECK: qeff.reshape %[[M]] : tensor<12xf32> -> tensor<2x6xf32>
    // CHECK: qeff.slice %{{.+}} [0, 2] : tensor<2x6xf32> -> tensor<2x2xf32>
    // CHECK: %[[MP:.+]] = qeff.reshape %{{.+}} : tensor<2x2xf32> -> tensor<4xf32>
    // CHECK: qeff.slice %{{.+}} [0, 2, 0] : tensor<2x6x3xf32> -> tensor<2x2x3xf32>
    // CHECK: %[[BP:.+]] = qeff.reshape %{{.+}} : tensor<2x2x3xf32> -> tensor<4x3xf32>
    // CHECK: %[[MERGED:.+]] = qeff.lora_merge %{{.+}}, %{{.+}}, %[[BP]] magnitude(%[[MP]] : tensor<4xf32>) {scaling = 2.000000e+00 : f64}
    // CHECK: qeff.linear %{{.+}}, %[[MERGED]], %[[C]] {module = #qeff.module<"qkv", row 2, run 2, every 6>}
    %y = qeff.linear %x, %w, %c {module = #qeff.module<"qkv", row 2, run 2, every 6>} : (tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
    // The other rows.
    // CHECK: {module = #qeff.module<"qkv", run 2, every 6>}
    %z = qeff.linear %x, %w, %c {module = #qeff.module<"qkv", run 2, every 6>} : (tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
    %v = qeff.linear %x, %w, %c {module = #qeff.module<"qkv", row 4, run 2, every 6>} : (tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
    %s = qeff.add %y, %z : tensor<?x?x4xf32>
    %t = qeff.add %s, %v : tensor<?x?x4xf32>
    return %t : tensor<?x?x4xf32>
  }
}
