// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the rank of a tensor.
func.func @c1_rank(%w: tensor<384xf32>, %a: tensor<4x16xf32>, %b: tensor<24x4xf32>) {
  // expected-error@+1 {{expects weight [N, K], a [R, K] and b [N, R], got 'tensor<384xf32>', 'tensor<4x16xf32>' and 'tensor<24x4xf32>'}}
  %0 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64} : tensor<384xf32>, tensor<4x16xf32>, tensor<24x4xf32>
  return
}

// -----

// (C1): K.
func.func @c1_k(%w: tensor<24x16xf32>, %a: tensor<4x15xf32>, %b: tensor<24x4xf32>) {
  // expected-error@+1 {{expects weight [N, K], a [R, K] and b [N, R], got 'tensor<24x16xf32>', 'tensor<4x15xf32>' and 'tensor<24x4xf32>'}}
  %0 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64} : tensor<24x16xf32>, tensor<4x15xf32>, tensor<24x4xf32>
  return
}

// -----

// (C1): N.
func.func @c1_n(%w: tensor<24x16xf32>, %a: tensor<4x16xf32>, %b: tensor<8x4xf32>) {
  // expected-error@+1 {{expects weight [N, K], a [R, K] and b [N, R], got 'tensor<24x16xf32>', 'tensor<4x16xf32>' and 'tensor<8x4xf32>'}}
  %0 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64} : tensor<24x16xf32>, tensor<4x16xf32>, tensor<8x4xf32>
  return
}

// -----

// (C1): R.
func.func @c1_r(%w: tensor<24x16xf32>, %a: tensor<4x16xf32>, %b: tensor<24x5xf32>) {
  // expected-error@+1 {{expects weight [N, K], a [R, K] and b [N, R], got 'tensor<24x16xf32>', 'tensor<4x16xf32>' and 'tensor<24x5xf32>'}}
  %0 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64} : tensor<24x16xf32>, tensor<4x16xf32>, tensor<24x5xf32>
  return
}

// -----

// (C1): no rank at all.
func.func @c1_none(%w: tensor<24x16xf32>, %a: tensor<0x16xf32>, %b: tensor<24x0xf32>) {
  // expected-error@+1 {{expects weight [N, K], a [R, K] and b [N, R], got 'tensor<24x16xf32>', 'tensor<0x16xf32>' and 'tensor<24x0xf32>'}}
  %0 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64} : tensor<24x16xf32>, tensor<0x16xf32>, tensor<24x0xf32>
  return
}

// -----

// (C1): the magnitude.
func.func @c1_magnitude(%w: tensor<24x16xf32>, %a: tensor<4x16xf32>, %b: tensor<24x4xf32>, %m: tensor<16xf32>) {
  // expected-error@+1 {{expects a magnitude [24], got 'tensor<16xf32>'}}
  %0 = qeff.lora_merge %w, %a, %b magnitude(%m : tensor<16xf32>) {scaling = 2.0 : f64} : tensor<24x16xf32>, tensor<4x16xf32>, tensor<24x4xf32>
  return
}

// -----

// (C2): a dynamic size.
func.func @c2_dynamic(%w: tensor<?x16xf32>, %a: tensor<4x16xf32>, %b: tensor<?x4xf32>) {
  // expected-error@+1 {{expects static tensors of f32, f16 or bf16, got 'tensor<?x16xf32>'}}
  %0 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64} : tensor<?x16xf32>, tensor<4x16xf32>, tensor<?x4xf32>
  return
}

// -----

// (C2): the element type.
func.func @c2_type(%w: tensor<24x16xf32>, %a: tensor<4x16xf32>, %b: tensor<24x4xf32>, %m: tensor<24xf64>) {
  // expected-error@+1 {{expects static tensors of f32, f16 or bf16, got 'tensor<24xf64>'}}
  %0 = qeff.lora_merge %w, %a, %b magnitude(%m : tensor<24xf64>) {scaling = 2.0 : f64} : tensor<24x16xf32>, tensor<4x16xf32>, tensor<24x4xf32>
  return
}

// -----

// (C3)
func.func @c3(%w: tensor<24x16xf32>, %a: tensor<4x16xf32>, %b: tensor<24x4xf32>) {
  // expected-error@+1 {{expects a finite scaling}}
  %0 = qeff.lora_merge %w, %a, %b {scaling = 0xFFF0000000000000 : f64} : tensor<24x16xf32>, tensor<4x16xf32>, tensor<24x4xf32>
  return
}
