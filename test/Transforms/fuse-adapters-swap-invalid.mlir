// RUN: qeff-opt %s --qeff-fuse-adapters='mode=swap max-lora-rank=2' --split-input-file --verify-diagnostics
// RUN: echo 'module { func.func @main() { return } }' | not qeff-opt --qeff-fuse-adapters=mode=swap 2>&1 | FileCheck %s

// CHECK: expects adapters or max-lora-rank in mode swap

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<4x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x4xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects a rank of at most 2 (max-lora-rank), got 4}}
    qeff.adapter_lora "o_proj" a(@a) b(@b) {scaling = 2.0 : f64}
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj">} : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x2xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects a module of the model, got "o_proj"}}
    qeff.adapter_lora "o_proj" a(@a) b(@b) {scaling = 2.0 : f64}
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    return %x : tensor<1x1x8xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<32x8xf32>
  qeff.weight "private" @a file(@f) {offset = 2048 : i64} : tensor<2x32xf32>
  qeff.weight "private" @b file(@f) {offset = 4096 : i64} : tensor<8x2xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects a linear module for adapters that are switched while running, got "embed"}}
    qeff.adapter_lora "embed" a(@a) b(@b) {scaling = 2.0 : f64}
  }
  func.func @main(%x: tensor<1x1xi64>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<32x8xf32>
    %y = qeff.embedding %x, %w {module = #qeff.module<"embed">} : (tensor<1x1xi64>, tensor<32x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x4xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x2xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects a [R, 8] and b [8, R] for module "o_proj", got 'tensor<2x4xf32>' and 'tensor<8x2xf32>'}}
    qeff.adapter_lora "o_proj" a(@a) b(@b) {scaling = 2.0 : f64}
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj">} : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x2xf32>
  qeff.weight "private" @m file(@f) {offset = 4096 : i64} : tensor<8xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects no magnitude for adapters that are switched while running, got one for "o_proj"}}
    qeff.adapter_lora "o_proj" a(@a) b(@b) magnitude(@m) {scaling = 2.0 : f64}
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj">} : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @v file(@f) {offset = 1024 : i64} : tensor<8x8xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects no parameters that replace the model's for adapters that are switched while running}}
    qeff.adapter_parameter "o_proj" "weight" value(@v)
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj">} : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<10x2xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects a module whose heads do not alternate for adapters that are switched while running, got "qkv"; adapter-mode merge takes it}}
    qeff.adapter_lora "qkv" a(@a) b(@b) {scaling = 2.0 : f64}
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x4xf32> {
    %w = qeff.weight_ref @w : tensor<4x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"qkv", row 2, run 2, every 6>} : (tensor<1x1x8xf32>, tensor<4x8xf32>) -> tensor<1x1x4xf32>
    return %y : tensor<1x1x4xf32>
  }
}
