// RUN: qeff-opt %s --qeff-fuse-adapters --split-input-file --verify-diagnostics
// RUN: not qeff-opt %s --qeff-fuse-adapters=mode=mix 2>&1 | FileCheck %s --check-prefix=MODE
// RUN: not qeff-opt %s --qeff-fuse-adapters='mode=swap max-lora-rank=-1' 2>&1 | FileCheck %s --check-prefix=RANK

// MODE: expects mode merge or swap, got 'mix'
// RANK: expects max-lora-rank >= 0, got -1

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @a file(@f) {offset = 0 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 1024 : i64} : tensor<8x2xf32>
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
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x2xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects a linear module or an embedding, got "norm"}}
    qeff.adapter_lora "norm" a(@a) b(@b) {scaling = 2.0 : f64}
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8xf32>
    %y = qeff.rms_norm %x, %w {eps = 1.0e-5 : f64, module = #qeff.module<"norm">} : tensor<1x1x8xf32>, tensor<8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x2xf32>
  qeff.adapter "private" @math attributes {weight = 1.0e300 : f64} {
    // expected-error @+1 {{expects weight and scaling with a finite product}}
    qeff.adapter_lora "o_proj" a(@a) b(@b) {scaling = 1.0e300 : f64}
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj">} : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

// PEFT's norms for the second one are those of the base.

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x2xf32>
  qeff.weight "private" @m file(@f) {offset = 4096 : i64} : tensor<8xf32>
  qeff.adapter "private" @math {
    qeff.adapter_lora "o_proj" a(@a) b(@b) magnitude(@m) {scaling = 2.0 : f64}
  }
  qeff.adapter "private" @code {
    // expected-error @+1 {{expects a magnitude in the first adapter alone that changes module "o_proj", got one in a later adapter}}
    qeff.adapter_lora "o_proj" a(@a) b(@b) magnitude(@m) {scaling = 2.0 : f64}
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj">} : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

// Likewise where the first has none.

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @a file(@f) {offset = 1024 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@f) {offset = 2048 : i64} : tensor<8x2xf32>
  qeff.weight "private" @m file(@f) {offset = 4096 : i64} : tensor<8xf32>
  qeff.adapter "private" @math {
    qeff.adapter_lora "o_proj" a(@a) b(@b) {scaling = 2.0 : f64}
  }
  qeff.adapter "private" @code {
    // expected-error @+1 {{expects a magnitude in the first adapter alone that changes module "o_proj", got one in a later adapter}}
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
  qeff.weight "private" @v file(@f) {offset = 1024 : i64} : tensor<8xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects a parameter of the module, got 'bias'}}
    qeff.adapter_parameter "o_proj" "bias" value(@v)
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    // expected-note @+1 {{the module is here}}
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj">} : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x8xf32>
  qeff.weight "private" @v file(@f) {offset = 1024 : i64} : tensor<4x8xf32>
  qeff.adapter "private" @math {
    // expected-error @+1 {{expects a value of shape 'tensor<8x4xf32>', got 'tensor<4x8xf32>'}}
    qeff.adapter_parameter "o_proj" "weight" value(@v)
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x4xf32> {
    %w = qeff.weight_ref @w : tensor<4x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj", transposed>} : (tensor<1x1x8xf32>, tensor<4x8xf32>) -> tensor<1x1x4xf32>
    return %y : tensor<1x1x4xf32>
  }
}

// -----

module {
  qeff.file "private" @f "f.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<8x8xf32>
  qeff.weight "private" @v file(@f) {offset = 1024 : i64} : tensor<8x8xf32>
  qeff.adapter "private" @math {
    qeff.adapter_parameter "o_proj" "weight" value(@v)
  }
  qeff.adapter "private" @code {
    // expected-error @+1 {{expects one adapter to replace 'weight' of module "o_proj", got 'math' and 'code'}}
    qeff.adapter_parameter "o_proj" "weight" value(@v)
  }
  func.func @main(%x: tensor<1x1x8xf32>) -> tensor<1x1x8xf32> {
    %w = qeff.weight_ref @w : tensor<8x8xf32>
    %y = qeff.linear %x, %w {module = #qeff.module<"o_proj">} : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %y : tensor<1x1x8xf32>
  }
}
