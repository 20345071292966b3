// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt %s --emit-bytecode | qeff-opt | FileCheck %s
// RUN: qeff-opt %s --mlir-print-op-generic | qeff-opt | FileCheck %s

// CHECK: module attributes {qeff.phase = #qeff.phase<host>, qeff_host.cpu = "x86-64-v3"}
module attributes {qeff.phase = #qeff.phase<host>, qeff_host.cpu = "x86-64-v3"} {
  qeff.file "private" @shard "model.safetensors" {root = "model", size = 4096 : i64}
  qeff.weight "private" @q file(@shard) {offset = 128 : i64} : tensor<40x8xf32>

  // CHECK: func.func private @linear({{.*}}) attributes {qeff_host.kernel}
  func.func private @linear(%x: memref<1x8xf32>, %w: memref<2x8x32xf32>, %y: memref<1x40xf32>, %begin: index, %end: index) attributes {qeff_host.kernel} {
    return
  }

  // CHECK: qeff_host.state @past_key.0 : tensor<1x2x60x8xf32> layout bhc_16dc at(0)
  qeff_host.state @past_key.0 : tensor<1x2x60x8xf32> layout bhc_16dc at(0)
  // CHECK: qeff_host.state @past_value.0 : tensor<1x2x60x8xf32> layout bhcd at(4096)
  qeff_host.state @past_value.0 : tensor<1x2x60x8xf32> layout bhcd at(4096)

  // CHECK: qeff_host.weights {
  qeff_host.weights {
    %0 = qeff.weight_ref @q : tensor<40x8xf32>
    // CHECK: qeff_host.pack %{{.*}} : tensor<40x8xf32> -> tensor<2x8x32xf32>
    %1 = qeff_host.pack %0 : tensor<40x8xf32> -> tensor<2x8x32xf32>
    // CHECK: qeff_host.place %{{.*}} at(64) : tensor<2x8x32xf32>
    qeff_host.place %1 at(64) : tensor<2x8x32xf32>
  }

  // CHECK: qeff_host.adapter_block rank(4) {
  qeff_host.adapter_block rank(4) {
    // CHECK: qeff_host.adapter_target "model.layers.0.attn.qkv" in(8) out(60) header(0) a(64) parts [#qeff_host.adapter_part<row 0 size 40 at 320>, #qeff_host.adapter_part<row 40 size 20 at 2368>]
    qeff_host.adapter_target "model.layers.0.attn.qkv" in(8) out(60) header(0) a(64)
        parts [#qeff_host.adapter_part<row 0 size 40 at 320>, #qeff_host.adapter_part<row 40 size 20 at 2368>]
  }
  // CHECK: func.func private @shrink({{.*}}) attributes {qeff_host.kernel}
  func.func private @shrink(%x: memref<1x8xf32>, %h: memref<8xi64>, %a: memref<8x8xf32>, %t: memref<1x8xf32>, %begin: index, %end: index) attributes {qeff_host.kernel} {
    return
  }

  // CHECK: qeff_host.function @decode arena(256) io(192) dims {batch_size = 1 : i64} inputs [#qeff_host.io<"x", tensor<1x1xi64> at 0>] outputs [#qeff_host.io<"logits", tensor<1x1x4xf32> at 64>] {
  qeff_host.function @decode arena(256) io(192) dims {batch_size = 1 : i64}
      inputs [#qeff_host.io<"x", tensor<1x1xi64> at 0>]
      outputs [#qeff_host.io<"logits", tensor<1x1x4xf32> at 64>] {
    // CHECK: qeff_host.launch @linear tiles(2) (arena + 0, weights + 64, arena + 64) bytes(2048) scope("layers.0.self_attn.q_proj")
    qeff_host.launch @linear tiles(2) (arena + 0, weights + 64, arena + 64) bytes(2048) scope("layers.0.self_attn.q_proj")
    // CHECK: qeff_host.launch @linear tiles(1) (io + 0, weights + 64, arena + 0) bytes(0)
    qeff_host.launch @linear tiles(1) (io + 0, weights + 64, arena + 0) bytes(0)
    // CHECK: qeff_host.launch @shrink tiles(8) (arena + 0, adapter + 0, adapter + 64, arena + 64) bytes(320)
    qeff_host.launch @shrink tiles(8) (arena + 0, adapter + 0, adapter + 64, arena + 64) bytes(320)
  }
}

// CHECK-LABEL: module @examples
module @examples {
  func.func private @k(%x: memref<1x1xi64>, %y: memref<1x1x4xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
  func.func private @linear_1x8x40_f32(%x: memref<1x8xf32>, %w: memref<2x8x32xf32>, %y: memref<1x40xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
  qeff.file "private" @shard "model.safetensors" {root = "model", size = 4096 : i64}
  qeff.weight "private" @q file(@shard) {offset = 128 : i64} : tensor<40x8xf32>

  // CHECK: qeff_host.state @past_key.0 : tensor<1x2x64x8xf32> layout bhc_16dc at(0)
  qeff_host.state @"past_key.0" : tensor<1x2x64x8xf32> layout bhc_16dc at(0)
  // CHECK: qeff_host.weights {
  qeff_host.weights {
    %0 = qeff.weight_ref @q : tensor<40x8xf32>
    // CHECK: qeff_host.pack %{{.*}} : tensor<40x8xf32> -> tensor<2x8x32xf32>
    %1 = qeff_host.pack %0 : tensor<40x8xf32> -> tensor<2x8x32xf32>
    // CHECK: qeff_host.place %{{.*}} at(0) : tensor<2x8x32xf32>
    qeff_host.place %1 at(0) : tensor<2x8x32xf32>
  }
  // CHECK: qeff_host.function @decode arena(64) io(192) dims {batch_size = 1 : i64, ctx_len = 64 : i64, seq_len = 1 : i64} inputs [#qeff_host.io<"input_ids", tensor<1x1xi64> at 0>] outputs [#qeff_host.io<"logits", tensor<1x1x4xf32> at 64>] {
  qeff_host.function @decode arena(64) io(192) dims {batch_size = 1 : i64, ctx_len = 64 : i64, seq_len = 1 : i64}
      inputs [#qeff_host.io<"input_ids", tensor<1x1xi64> at 0>]
      outputs [#qeff_host.io<"logits", tensor<1x1x4xf32> at 64>] {
    // CHECK: qeff_host.launch @k tiles(1) (io + 0, io + 64) bytes(0) scope("lm_head")
    qeff_host.launch @k tiles(1) (io + 0, io + 64) bytes(0) scope("lm_head")
  }
  // CHECK: qeff_host.function @layer
  qeff_host.function @layer arena(256) io(0) dims {} inputs [] outputs [] {
    // CHECK: qeff_host.launch @linear_1x8x40_f32 tiles(2) (arena + 0, weights + 0, arena + 64) bytes(2048) scope("layers.0.self_attn.q_proj")
    qeff_host.launch @linear_1x8x40_f32 tiles(2) (arena + 0, weights + 0, arena + 64) bytes(2048) scope("layers.0.self_attn.q_proj")
  }
}
