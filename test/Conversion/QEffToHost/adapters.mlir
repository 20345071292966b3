// RUN: qeff-opt %s --convert-qeff-to-host=mcpu=x86-64-v3 | FileCheck %s

// A fused projection whose parts share the shrink, a projection of its own, and
// an output: A, B and the scaling live in the adapter segment, not in io.

module attributes {qeff.max_position = 64 : i64, qeff.phase = #qeff.phase<specialized>,
    qeff.specializations = [#qeff.spec<"decode", {batch_size = 1 : i64, ctx_len = 40 : i64, seq_len = 1 : i64}>]} {
  qeff.file "private" @f "model.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<16x16xf32>
  qeff.weight "private" @h file(@f) {offset = 8192 : i64} : tensor<40x16xf32>

  // Headers first; A of 8 · 16 floats, parts of B of one panel of 8 · 32.
  // CHECK: qeff_host.adapter_block rank(4) {
  // CHECK-NEXT: qeff_host.adapter_target "transformer.h.0.attn.c_attn" in(16) out(48) header(0) a(128)
  // CHECK-SAME: parts [#qeff_host.adapter_part<row 0 size 16 at 640>, #qeff_host.adapter_part<row 32 size 16 at 1664>]
  // CHECK-NEXT: qeff_host.adapter_target "lm_head" in(16) out(40) header(64) a(2688) parts [#qeff_host.adapter_part<row 0 size 40 at 3200>]
  // CHECK-NEXT: }

  // CHECK-LABEL: qeff_host.function @decode
  // CHECK-SAME: inputs [#qeff_host.io<"x", tensor<1x1x16xf32> at 0>] outputs [#qeff_host.io<"logits", tensor<1x1x40xf32> at 64>]
  // CHECK-NEXT: launch @linear{{.*}} (io + 0, weights + 0, arena + [[Q:[0-9]+]])
  // CHECK-NEXT: launch @lora_shrink_1x8x16 tiles(8) (io + 0, adapter + 0, adapter + 128, arena + [[T:[0-9]+]]) bytes(576) scope("h.0.attn.q")
  // CHECK-NEXT: launch @lora_expand_1x16x8 tiles(1) (arena + [[T]], adapter + 0, adapter + 640, arena + [[Q]]) bytes(1088) scope("h.0.attn.q")
  // CHECK-NEXT: launch @linear{{.*}} (io + 0, weights + 0, arena + [[V:[0-9]+]])
  // CHECK-NEXT: launch @lora_expand_1x16x8 tiles(1) (arena + [[T]], adapter + 0, adapter + 1664, arena + [[V]]) bytes(1088) scope("h.0.attn.v")
  // CHECK-NEXT: launch @add{{.*}} (arena + [[Q]], arena + [[V]], arena + [[S:[0-9]+]])
  // CHECK-NEXT: launch @linear{{.*}} (arena + [[S]], weights + {{[0-9]+}}, arena + [[L:[0-9]+]])
  // CHECK-NEXT: launch @lora_shrink_1x8x16 tiles(8) (arena + [[S]], adapter + 64, adapter + 2688, arena + [[U:[0-9]+]])
  // The result is an output, its base is not.
  // CHECK-NEXT: launch @lora_expand_1x40x8_base tiles(2) (arena + [[U]], adapter + 64, adapter + 3200, arena + [[L]], io + 64)
  // CHECK-NEXT: }
  func.func @decode(
      %x: tensor<1x1x16xf32> {qeff.name = "x"},
      %a: tensor<4x16xf32> {qeff.adapter, qeff.name = "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", qeff.state = "a_RetainedState"},
      %b: tensor<48x4xf32> {qeff.adapter, qeff.name = "base_model.model.transformer.h.0.attn.c_attn.lora_B.weight", qeff.state = "b_RetainedState"},
      %s: tensor<1xf32> {qeff.adapter, qeff.name = "transformer.h.0.attn.c_attn.lora_scaling"},
      %c: tensor<4x16xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_A.weight", qeff.state = "c_RetainedState"},
      %d: tensor<40x4xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_B.weight", qeff.state = "d_RetainedState"},
      %r: tensor<1xf32> {qeff.adapter, qeff.name = "lm_head.lora_scaling"})
      -> (tensor<1x1x40xf32> {qeff.name = "logits"}, tensor<4x16xf32> {qeff.name = "a_RetainedState"},
          tensor<48x4xf32> {qeff.name = "b_RetainedState"}, tensor<4x16xf32> {qeff.name = "c_RetainedState"},
          tensor<40x4xf32> {qeff.name = "d_RetainedState"}) {
    %w = qeff.weight_ref @w : tensor<16x16xf32>
    %h = qeff.weight_ref @h : tensor<40x16xf32>
    %0 = qeff.linear %x, %w scope("h.0.attn.q") : (tensor<1x1x16xf32>, tensor<16x16xf32>) -> tensor<1x1x16xf32>
    %1 = qeff.lora %x, %0, %a, %b, %s scope("h.0.attn.q") : (tensor<1x1x16xf32>, tensor<1x1x16xf32>, tensor<4x16xf32>, tensor<48x4xf32>, tensor<1xf32>) -> tensor<1x1x16xf32>
    %2 = qeff.linear %x, %w scope("h.0.attn.v") : (tensor<1x1x16xf32>, tensor<16x16xf32>) -> tensor<1x1x16xf32>
    %3 = qeff.lora %x, %2, %a, %b, %s scope("h.0.attn.v") {row = 32 : i64} : (tensor<1x1x16xf32>, tensor<1x1x16xf32>, tensor<4x16xf32>, tensor<48x4xf32>, tensor<1xf32>) -> tensor<1x1x16xf32>
    %4 = qeff.add %1, %3 : tensor<1x1x16xf32>
    %5 = qeff.linear %4, %h scope("lm_head") : (tensor<1x1x16xf32>, tensor<40x16xf32>) -> tensor<1x1x40xf32>
    %6 = qeff.lora %4, %5, %c, %d, %r scope("lm_head") : (tensor<1x1x16xf32>, tensor<1x1x40xf32>, tensor<4x16xf32>, tensor<40x4xf32>, tensor<1xf32>) -> tensor<1x1x40xf32>
    return %6, %a, %b, %c, %d : tensor<1x1x40xf32>, tensor<4x16xf32>, tensor<48x4xf32>, tensor<4x16xf32>, tensor<40x4xf32>
  }
}
