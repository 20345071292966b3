// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

qeff.file "private" @f "adapter_model.safetensors" {root = "adapter.math", size = 4096 : i64}
qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<4x16xf32>
qeff.weight "private" @b file(@f) {offset = 256 : i64} : tensor<24x4xbf16>
qeff.weight "private" @m file(@f) {offset = 640 : i64} : tensor<24xf16>
// CHECK: qeff.adapter "private" @math {
// CHECK-NEXT: qeff.adapter_lora "model.layers.0.self_attn.q_proj" a(@a) b(@b) {scaling = 2.000000e+00 : f64}
// CHECK-NEXT: qeff.adapter_lora "model.layers.1.self_attn.q_proj" a(@a) b(@b) magnitude(@m) {scaling = -5.000000e-01 : f64}
// CHECK-NEXT: qeff.adapter_parameter "model.norm" "weight" value(@m)
// CHECK-NEXT: }
qeff.adapter "private" @math {
  qeff.adapter_lora "model.layers.0.self_attn.q_proj" a(@a) b(@b) {scaling = 2.0 : f64}
  qeff.adapter_lora "model.layers.1.self_attn.q_proj" a(@a) b(@b) magnitude(@m) {scaling = -0.5 : f64}
  qeff.adapter_parameter "model.norm" "weight" value(@m)
}
// CHECK: qeff.adapter @code attributes {weight = 6.000000e-01 : f64} {
// CHECK-NEXT: }
qeff.adapter @code attributes {weight = 0.6 : f64} {
}
