// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): the rank of a.
func.func @c1_rank(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<128xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects input [..., K], base [..., N], a [R, K] and b [T, R], got 'tensor<1x3x16xf32>', 'tensor<1x3x24xf32>', 'tensor<128xf32>' and 'tensor<24x8xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<128xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C1): the rank of the base.
func.func @c1_base(%x: tensor<1x3x16xf32>, %y: tensor<3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects input [..., K], base [..., N], a [R, K] and b [T, R], got 'tensor<1x3x16xf32>', 'tensor<3x24xf32>', 'tensor<8x16xf32>' and 'tensor<24x8xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<3x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<3x24xf32>
  return
}

// -----

// (C1): R.
func.func @c1_r(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x4xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects input [..., K], base [..., N], a [R, K] and b [T, R], got 'tensor<1x3x16xf32>', 'tensor<1x3x24xf32>', 'tensor<8x16xf32>' and 'tensor<24x4xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<24x4xf32>, tensor<1xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C1): K.
func.func @c1_k(%x: tensor<1x3x15xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects input [..., K], base [..., N], a [R, K] and b [T, R], got 'tensor<1x3x15xf32>', 'tensor<1x3x24xf32>', 'tensor<8x16xf32>' and 'tensor<24x8xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x15xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C1): a dynamic rank.
func.func @c1_dynamic(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<?x16xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects input [..., K], base [..., N], a [R, K] and b [T, R], got 'tensor<1x3x16xf32>', 'tensor<1x3x24xf32>', 'tensor<?x16xf32>' and 'tensor<24x8xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<?x16xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C2): too few rows.
func.func @c2_rows(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<23x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects 0 <= row and row + N <= T, got row 0, base 'tensor<1x3x24xf32>' and b 'tensor<23x8xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<23x8xf32>, tensor<1xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C2): a row behind them.
func.func @c2_row(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects 0 <= row and row + N <= T, got row 1, base 'tensor<1x3x24xf32>' and b 'tensor<24x8xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s {row = 1 : i64} : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C2): a row before them.
func.func @c2_negative(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects 0 <= row and row + N <= T, got row -1, base 'tensor<1x3x24xf32>' and b 'tensor<24x8xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s {row = -1 : i64} : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C2): a dynamic size.
func.func @c2_dynamic(%x: tensor<1x3x16xf32>, %y: tensor<1x3x?xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects 0 <= row and row + N <= T, got row 0, base 'tensor<1x3x?xf32>' and b 'tensor<24x8xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<1x3x?xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<1x3x?xf32>
  return
}

// -----

// (C3)
func.func @c3(%x: tensor<1x4x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expects input and base to agree in all but the last axis, got 'tensor<1x4x16xf32>' and 'tensor<1x3x24xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x4x16xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<1xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C4): the size.
func.func @c4_size(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<2xf32>) {
  // expected-error@+1 {{expects a scaling [1] of f32, got 'tensor<2xf32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<2xf32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C4): the rank.
func.func @c4_rank(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<f32>) {
  // expected-error@+1 {{expects a scaling [1] of f32, got 'tensor<f32>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<f32>) -> tensor<1x3x24xf32>
  return
}

// -----

// (C4): the element type.
func.func @c4_type(%x: tensor<1x3x16xf32>, %y: tensor<1x3x24xf32>, %a: tensor<8x16xf32>, %b: tensor<24x8xf32>, %s: tensor<1xf16>) {
  // expected-error@+1 {{expects a scaling [1] of f32, got 'tensor<1xf16>'}}
  %0 = qeff.lora %x, %y, %a, %b, %s : (tensor<1x3x16xf32>, tensor<1x3x24xf32>, tensor<8x16xf32>, tensor<24x8xf32>, tensor<1xf16>) -> tensor<1x3x24xf32>
  return
}
