// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK: qeff.file "private" @shard0 "model.safetensors" {header_sha256 = "00", header_size = 128 : i64, root = "model", size = 4096 : i64}
qeff.file "private" @shard0 "model.safetensors" {header_sha256 = "00", header_size = 128 : i64, root = "model", size = 4096 : i64}
// CHECK: qeff.file "private" @shard2 "a/model.safetensors" {header_sha256 = "00", header_size = 128 : i64, root = "model", size = 4096 : i64}
qeff.file "private" @shard2 "a/model.safetensors" {header_sha256 = "00", header_size = 128 : i64, root = "model", size = 4096 : i64}
// CHECK: qeff.file @shard1 "model.gguf" {root = "adapter.math", size = 0 : i64}
qeff.file @shard1 "model.gguf" {root = "adapter.math", size = 0 : i64}
