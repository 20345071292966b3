// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

qeff.file "private" @shard0 "model.safetensors" {root = "model", size = 4096 : i64}
// CHECK: qeff.weight "private" @q file(@shard0) {offset = 128 : i64, scope = "layers.0.self_attn.q_proj.weight"} : tensor<16x16xf16>
qeff.weight "private" @q file(@shard0) {offset = 128 : i64, scope = "layers.0.self_attn.q_proj.weight"} : tensor<16x16xf16>
// CHECK: qeff.weight @a.b file(@shard0) {encoding = #qeff.block<q4_1>, offset = 0 : i64} : tensor<2x64xf32>
qeff.weight @a.b file(@shard0) {encoding = #qeff.block<q4_1>, offset = 0 : i64} : tensor<2x64xf32>
// CHECK: qeff.weight @scalar file(@shard0) {offset = 4092 : i64} : tensor<f32>
qeff.weight @scalar file(@shard0) {offset = 4092 : i64} : tensor<f32>
