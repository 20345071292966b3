// RUN: qeff-opt %s --qeff-fuse-adapters | FileCheck %s
// RUN: %plugin_opt %s --pass-pipeline='builtin.module(qeff-fuse-adapters{mode=merge})' | FileCheck %s

// A layer whose module two adapters change, a fused one in parts whose
// framework stores [in, out], an embedding with the head that shares its table,
// a magnitude, and parameters that are replaced.

// CHECK-NOT: qeff.adapter
module attributes {qeff.phase = #qeff.phase<canonical>} {
  qeff.file "private" @f "model.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @embed file(@f) {offset = 0 : i64} : tensor<32x8xf32>
  qeff.weight "private" @norm file(@f) {offset = 1024 : i64} : tensor<8xf32>
  qeff.weight "private" @qkv file(@f) {offset = 2048 : i64} : tensor<8x16xf32>
  qeff.weight "private" @bias file(@f) {offset = 4096 : i64} : tensor<16xf32>
  qeff.weight "private" @up file(@f) {offset = 5120 : i64} : tensor<24x8xbf16>
  qeff.weight "private" @down file(@f) {offset = 6144 : i64} : tensor<8x24xf32>
  qeff.file "private" @g "adapter_model.safetensors" {root = "adapter.math", size = 65536 : i64}
  qeff.weight "private" @g.embed.a file(@g) {offset = 0 : i64} : tensor<2x32xf32>
  qeff.weight "private" @g.embed.b file(@g) {offset = 512 : i64} : tensor<8x2xf32>
  qeff.weight "private" @g.qkv.a file(@g) {offset = 1024 : i64} : tensor<4x8xf16>
  qeff.weight "private" @g.qkv.b file(@g) {offset = 2048 : i64} : tensor<16x4xf16>
  qeff.weight "private" @g.qkv.bias file(@g) {offset = 3072 : i64} : tensor<16xf16>
  qeff.weight "private" @g.up.a file(@g) {offset = 4096 : i64} : tensor<4x8xf32>
  qeff.weight "private" @g.up.b file(@g) {offset = 5120 : i64} : tensor<24x4xf32>
  qeff.weight "private" @g.norm file(@g) {offset = 6144 : i64} : tensor<8xf32>
  qeff.file "private" @h "adapter_model.safetensors" {root = "adapter.code", size = 65536 : i64}
  qeff.weight "private" @h.up.a file(@h) {offset = 0 : i64} : tensor<1x8xf32>
  qeff.weight "private" @h.up.b file(@h) {offset = 512 : i64} : tensor<24x1xf32>
  qeff.weight "private" @h.up.m file(@h) {offset = 1024 : i64} : tensor<24xf32>
  qeff.weight "private" @h.down file(@h) {offset = 2048 : i64} : tensor<24x8xf32>
  qeff.adapter "private" @code {
    qeff.adapter_lora "up" a(@h.up.a) b(@h.up.b) magnitude(@h.up.m) {scaling = 3.0 : f64}
    qeff.adapter_parameter "down" "weight" value(@h.down)
  }
  qeff.adapter "private" @math attributes {weight = 0.5 : f64} {
    qeff.adapter_lora "embed" a(@g.embed.a) b(@g.embed.b) {scaling = 2.0 : f64}
    qeff.adapter_lora "attn.qkv" a(@g.qkv.a) b(@g.qkv.b) {scaling = 8.0 : f64}
    qeff.adapter_lora "up" a(@g.up.a) b(@g.up.b) {scaling = 1.0 : f64}
    qeff.adapter_parameter "attn.qkv" "bias" value(@g.qkv.bias)
    qeff.adapter_parameter "norm" "weight" value(@g.norm)
  }

  // CHECK-LABEL: func.func @main
  func.func @main(%ids: tensor<?x?xi64>) -> tensor<?x?x32xf32> {
    %embed = qeff.weight_ref @embed : tensor<32x8xf32>
    %norm = qeff.weight_ref @norm : tensor<8xf32>
    %qkv = qeff.weight_ref @qkv : tensor<8x16xf32>
    %bias = qeff.weight_ref @bias : tensor<16xf32>
    %up = qeff.weight_ref @up : tensor<24x8xbf16>
    %down = qeff.weight_ref @down : tensor<8x24xf32>
    // The table is [in, out] of the pair: its transpose is merged.
    // CHECK: %[[TABLE:.+]] = qeff.weight_ref @embed
    // CHECK: %[[A:.+]] = qeff.weight_ref @g.embed.a
    // CHECK: %[[B:.+]] = qeff.weight_ref @g.embed.b
    // CHECK: %[[AT:.+]] = qeff.transpose %[[A]] [1, 0] : tensor<2x32xf32> -> tensor<32x2xf32>
    // CHECK: %[[BT:.+]] = qeff.transpose %[[B]] [1, 0] : tensor<8x2xf32> -> tensor<2x8xf32>
    // CHECK: %[[MERGED:.+]] = qeff.lora_merge %[[TABLE]], %[[BT]], %[[AT]] {scaling = 1.000000e+00 : f64} : tensor<32x8xf32>, tensor<2x8xf32>, tensor<32x2xf32>
    // CHECK: qeff.embedding %{{.+}}, %[[MERGED]]
    %x = qeff.embedding %ids, %embed {module = #qeff.module<"embed">} : (tensor<?x?xi64>, tensor<32x8xf32>) -> tensor<?x?x8xf32>
    // CHECK: %[[NORM:.+]] = qeff.weight_ref @g.norm
    // CHECK: qeff.rms_norm %{{.+}}, %[[NORM]]
    %n = qeff.rms_norm %x, %norm {eps = 1.0e-5 : f64, module = #qeff.module<"norm">} : tensor<?x?x8xf32>, tensor<8xf32>
    %q = qeff.slice %qkv [0, 0] : tensor<8x16xf32> -> tensor<8x8xf32>
    %qt = qeff.transpose %q [1, 0] : tensor<8x8xf32> -> tensor<8x8xf32>
    %qb = qeff.slice %bias [0] : tensor<16xf32> -> tensor<8xf32>
    %v = qeff.slice %qkv [0, 8] : tensor<8x16xf32> -> tensor<8x8xf32>
    %vt = qeff.transpose %v [1, 0] : tensor<8x8xf32> -> tensor<8x8xf32>
    %vb = qeff.slice %bias [8] : tensor<16xf32> -> tensor<8xf32>
    // The parts take their rows of b and of the bias, in the base's type.
    // CHECK: %[[QT:.+]] = qeff.transpose
    // CHECK: %[[VT:.+]] = qeff.transpose
    // CHECK: %[[BIAS:.+]] = qeff.weight_ref @g.qkv.bias
    // CHECK: %[[QBIAS:.+]] = qeff.slice %[[BIAS]] [0] : tensor<16xf16> -> tensor<8xf16>
    // CHECK: %[[QBIAS32:.+]] = qeff.cast %[[QBIAS]]
    // CHECK: %[[A:.+]] = qeff.weight_ref @g.qkv.a
    // CHECK: %[[B:.+]] = qeff.weight_ref @g.qkv.b
    // CHECK: %[[BQ:.+]] = qeff.slice %[[B]] [0, 0] : tensor<16x4xf16> -> tensor<8x4xf16>
    // CHECK: %[[Q:.+]] = qeff.lora_merge %[[QT]], %[[A]], %[[BQ]] {scaling = 4.000000e+00 : f64}
    // CHECK: qeff.linear %{{.+}}, %[[Q]], %[[QBIAS32]]
    %y = qeff.linear %n, %qt, %qb {module = #qeff.module<"attn.qkv", transposed>} : (tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
    // CHECK: qeff.slice %{{.+}} [8] : tensor<16xf16> -> tensor<8xf16>
    // CHECK: %[[BV:.+]] = qeff.slice %{{.+}} [8, 0] : tensor<16x4xf16> -> tensor<8x4xf16>
    // CHECK: %[[V:.+]] = qeff.lora_merge %[[VT]], %{{.+}}, %[[BV]]
    // CHECK: qeff.linear %{{.+}}, %[[V]]
    %z = qeff.linear %n, %vt, %vb {module = #qeff.module<"attn.qkv", row 8, transposed>} : (tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
    %s = qeff.add %y, %z : tensor<?x?x8xf32>
    // Two changes are rounded once, at the end.
    // CHECK: %[[WIDE:.+]] = qeff.cast %{{.+}} : tensor<24x8xbf16> -> tensor<24x8xf32>
    // CHECK: %[[M:.+]] = qeff.weight_ref @h.up.m
    // CHECK: %[[FIRST:.+]] = qeff.lora_merge %[[WIDE]], %{{.+}}, %{{.+}} magnitude(%[[M]] : tensor<24xf32>) {scaling = 3.000000e+00 : f64}
    // CHECK: %[[BOTH:.+]] = qeff.lora_merge %[[FIRST]], %{{.+}}, %{{.+}} {scaling = 5.000000e-01 : f64}
    // CHECK: %[[UP:.+]] = qeff.cast %[[BOTH]] : tensor<24x8xf32> -> tensor<24x8xbf16>
    // CHECK: qeff.linear %{{.+}}, %[[UP]]
    %u = qeff.linear %s, %up {module = #qeff.module<"up">} : (tensor<?x?x8xf32>, tensor<24x8xbf16>) -> tensor<?x?x24xf32>
    // CHECK: %[[NEW:.+]] = qeff.weight_ref @h.down : tensor<24x8xf32>
    // CHECK: %[[DOWN:.+]] = qeff.transpose %[[NEW]] [1, 0]
    // CHECK: qeff.linear %{{.+}}, %[[DOWN]]
    %d = qeff.linear %u, %down {module = #qeff.module<"down", transposed>} : (tensor<?x?x24xf32>, tensor<8x24xf32>) -> tensor<?x?x8xf32>
    // The head keeps the table that it shared.
    // CHECK: qeff.linear %{{.+}}, %[[TABLE]] {module = #qeff.module<"lm_head">}
    %l = qeff.linear %d, %embed {module = #qeff.module<"lm_head">} : (tensor<?x?x8xf32>, tensor<32x8xf32>) -> tensor<?x?x32xf32>
    return %l : tensor<?x?x32xf32>
  }
}
