// RUN: qeff-opt --split-input-file --qeff-lower-operators %s | FileCheck %s

// Packed queries, keys and values; positions are the index in the row; a window.
// CHECK-LABEL: func.func @main
// CHECK: %[[P:.*]]:3 = onnxir.Split(%arg0
// CHECK: %[[I:.*]] = onnxir.Expand
// CHECK: %[[Q:.*]] = onnxir.RotaryEmbedding(%[[P]]#0, %arg3, %arg4, %[[I]]) {num_heads = 2
// CHECK: %[[K:.*]] = onnxir.RotaryEmbedding(%[[P]]#1, %arg3, %arg4, %[[I]]) {num_heads = 1
// CHECK: %[[M:.*]] = onnxir.Less
// CHECK: onnxir.Attention(%[[Q]], %[[K]], %[[P]]#2, %[[M]], {{.*}} {is_causal = 1 : i64, kv_num_heads = 1 : i64, name = "gqa", q_num_heads = 2 : i64, scope = "layers.0", softcap = 5.000000e+00 : f32}
module {
  func.func @main(%x: tensor<?x?x16xf32>, %lengths: tensor<?xi32>, %total: tensor<i32>, %cos: tensor<8x2xf32>, %sin: tensor<8x2xf32>) -> tensor<?x?x8xf32> {
    %none = onnxir.none
    %o:4 = onnxir.microsoft.GroupQueryAttention(%x, %none, %none, %none, %none, %lengths, %total, %cos, %sin, %none, %none, %none, %none, %none, %none, %none, %none) {do_rotary = 1 : i64, kv_num_heads = 1 : i64, local_window_size = 3 : i64, name = "gqa", num_heads = 2 : i64, scope = "layers.0", softcap = 5.000000e+00 : f32} : (tensor<?x?x16xf32>, none, none, none, none, tensor<?xi32>, tensor<i32>, tensor<8x2xf32>, tensor<8x2xf32>, none, none, none, none, none, none, none, none) -> (tensor<?x?x8xf32>, none, none, none)
    return %o#0 : tensor<?x?x8xf32>
  }
}

// -----

// Sinks have no such form.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.microsoft.GroupQueryAttention
module {
  func.func @main(%x: tensor<?x?x16xf32>, %lengths: tensor<?xi32>, %total: tensor<i32>, %sink: tensor<2xf32>) -> tensor<?x?x8xf32> {
    %none = onnxir.none
    %o:4 = onnxir.microsoft.GroupQueryAttention(%x, %none, %none, %none, %none, %lengths, %total, %none, %none, %none, %none, %sink, %none, %none, %none, %none, %none) {kv_num_heads = 1 : i64, num_heads = 2 : i64} : (tensor<?x?x16xf32>, none, none, none, none, tensor<?xi32>, tensor<i32>, none, none, none, none, tensor<2xf32>, none, none, none, none, none) -> (tensor<?x?x8xf32>, none, none, none)
    return %o#0 : tensor<?x?x8xf32>
  }
}

// -----

// One bias for all, a mask of padding for each key.
// CHECK-LABEL: func.func @main
// CHECK: %[[B:.*]]:3 = onnxir.Split(%arg3
// CHECK: %[[Q:.*]] = onnxir.Add(%arg0, %[[B]]#0)
// CHECK: %[[K:.*]] = onnxir.Add(%arg1, %[[B]]#1)
// CHECK: %[[V:.*]] = onnxir.Add(%arg2, %[[B]]#2)
// CHECK: %[[C:.*]] = onnxir.Cast(%arg4)
// CHECK: %[[M:.*]] = onnxir.Unsqueeze(%[[C]]{{.*}} -> tensor<?x1x1x?xi1>
// CHECK: onnxir.Attention(%[[Q]], %[[K]], %[[V]], %[[M]]
module {
  func.func @main(%q: tensor<?x?x8xf32>, %k: tensor<?x?x8xf32>, %v: tensor<?x?x8xf32>, %bias: tensor<24xf32>, %mask: tensor<?x?xi32>) -> tensor<?x?x8xf32> {
    %none = onnxir.none
    %o:4 = onnxir.microsoft.MultiHeadAttention(%q, %k, %v, %bias, %mask, %none, %none, %none, %none, %none) {num_heads = 2 : i64} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<24xf32>, tensor<?x?xi32>, none, none, none, none, none) -> (tensor<?x?x8xf32>, none, none, none)
    return %o#0 : tensor<?x?x8xf32>
  }
}

// -----

// Lengths and starts in one vector, or lengths alone: it is not known.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.microsoft.MultiHeadAttention
module {
  func.func @main(%q: tensor<?x?x8xf32>, %mask: tensor<?xi32>) -> tensor<?x?x8xf32> {
    %none = onnxir.none
    %o:4 = onnxir.microsoft.MultiHeadAttention(%q, %q, %q, %none, %mask, %none, %none, %none, %none, %none) {num_heads = 2 : i64} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, none, tensor<?xi32>, none, none, none, none, none) -> (tensor<?x?x8xf32>, none, none, none)
    return %o#0 : tensor<?x?x8xf32>
  }
}

// -----

// The projection, its bias, its parts.
// CHECK-LABEL: func.func @main
// CHECK: %[[P:.*]] = onnxir.MatMul(%arg0, %arg1)
// CHECK: %[[B:.*]] = onnxir.Add(%[[P]], %arg2)
// CHECK: %[[S:.*]]:3 = onnxir.Split(%[[B]]
// CHECK: onnxir.Attention(%[[S]]#0, %[[S]]#1, %[[S]]#2, {{.*}} {is_causal = 1
module {
  func.func @main(%x: tensor<?x?x6xf32>, %w: tensor<6x24xf32>, %bias: tensor<24xf32>) -> tensor<?x?x8xf32> {
    %none = onnxir.none
    %o:2 = onnxir.microsoft.Attention(%x, %w, %bias, %none, %none, %none, %none) {num_heads = 2 : i64, unidirectional = 1 : i64} : (tensor<?x?x6xf32>, tensor<6x24xf32>, tensor<24xf32>, none, none, none, none) -> (tensor<?x?x8xf32>, none)
    return %o#0 : tensor<?x?x8xf32>
  }
}

// -----

// Sizes that are not those of the heads.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.microsoft.Attention
module {
  func.func @main(%x: tensor<?x?x6xf32>, %w: tensor<6x25xf32>) -> tensor<?x?x8xf32> {
    %none = onnxir.none
    %o:2 = onnxir.microsoft.Attention(%x, %w, %none, %none, %none, %none, %none) {num_heads = 2 : i64} : (tensor<?x?x6xf32>, tensor<6x25xf32>, none, none, none, none, none) -> (tensor<?x?x8xf32>, none)
    return %o#0 : tensor<?x?x8xf32>
  }
}

// -----

// Without a number of heads, all of a head is rotated.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.RotaryEmbedding(%arg0, %arg2, %arg3, %arg1) {interleaved = 1 : i64, num_heads = 2 : i64}
module {
  func.func @main(%x: tensor<?x?x8xf32>, %at: tensor<?x?xi64>, %cos: tensor<9x2xf32>, %sin: tensor<9x2xf32>) -> tensor<?x?x8xf32> {
    %0 = onnxir.microsoft.RotaryEmbedding(%x, %at, %cos, %sin) {interleaved = 1 : i64} : (tensor<?x?x8xf32>, tensor<?x?xi64>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<?x?x8xf32>
    return %0 : tensor<?x?x8xf32>
  }
}
