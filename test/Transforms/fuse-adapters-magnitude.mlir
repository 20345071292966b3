// RUN: qeff-opt %s --qeff-fuse-adapters --split-input-file | FileCheck %s

// An embedding's magnitude scales the columns of the table.

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @embed file(@f) {offset = 0 : i64} : tensor<32x8xf16>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x32xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x2xf32>
  qeff.weight "private" @m file(@f) {offset = 4096 : i64} : tensor<8xf32>
  qeff.adapter "private" @math {
    qeff.adapter_lora "embed" a(@a) b(@b) magnitude(@m) {scaling = 2.0 : f64}
  }
  // CHECK-LABEL: func.func @embedding
  func.func @embedding(%ids: tensor<?x?xi64>) -> tensor<?x?x8xf32> {
    // CHECK: %[[TABLE:.+]] = qeff.weight_ref @embed
    %embed = qeff.weight_ref @embed : tensor<32x8xf16>
    // CHECK: %[[T:.+]] = qeff.transpose %[[TABLE]] [1, 0] : tensor<32x8xf16> -> tensor<8x32xf16>
    // CHECK: %[[MERGED:.+]] = qeff.lora_merge %[[T]], %{{.+}}, %{{.+}} magnitude(%{{.+}} : tensor<8xf32>) {scaling = 2.000000e+00 : f64} : tensor<8x32xf16>, tensor<2x32xf32>, tensor<8x2xf32>
    // CHECK: %[[NEW:.+]] = qeff.transpose %[[MERGED]] [1, 0]
    // CHECK: qeff.embedding %{{.+}}, %[[NEW]]
    %x = qeff.embedding %ids, %embed {module = #qeff.module<"embed">} : (tensor<?x?xi64>, tensor<32x8xf16>) -> tensor<?x?x8xf32>
    return %x : tensor<?x?x8xf32>
  }
}

// -----

// Parts of a fused module take their rows of the magnitude.

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<24x8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<24x2xf32>
  qeff.weight "private" @m file(@f) {offset = 4096 : i64} : tensor<24xf32>
  qeff.adapter "private" @math {
    qeff.adapter_lora "qkv" a(@a) b(@b) magnitude(@m) {scaling = 2.0 : f64}
  }
  // CHECK-LABEL: func.func @parts
  func.func @parts(%x: tensor<?x?x8xf32>) -> (tensor<?x?x16xf32>, tensor<?x?x8xf32>) {
    %w = qeff.weight_ref @w : tensor<24x8xf32>
    %0 = qeff.slice %w [0, 0] : tensor<24x8xf32> -> tensor<16x8xf32>
    %1 = qeff.slice %w [16, 0] : tensor<24x8xf32> -> tensor<8x8xf32>
    // CHECK: qeff.slice %{{.+}} [0] : tensor<24xf32> -> tensor<16xf32>
    // CHECK: qeff.lora_merge {{.*}} : tensor<16x8xf32>, tensor<2x8xf32>, tensor<16x2xf32>
    %y = qeff.linear %x, %0 {module = #qeff.module<"qkv">} : (tensor<?x?x8xf32>, tensor<16x8xf32>) -> tensor<?x?x16xf32>
    // CHECK: %[[M:.+]] = qeff.slice %{{.+}} [16] : tensor<24xf32> -> tensor<8xf32>
    // CHECK: %[[B:.+]] = qeff.slice %{{.+}} [16, 0] : tensor<24x2xf32> -> tensor<8x2xf32>
    // CHECK: qeff.lora_merge %{{.+}}, %{{.+}}, %[[B]] magnitude(%[[M]] : tensor<8xf32>)
    %z = qeff.linear %x, %1 {module = #qeff.module<"qkv", row 16>} : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
    return %y, %z : tensor<?x?x16xf32>, tensor<?x?x8xf32>
  }
}
