// RUN: qeff-opt --split-input-file --qeff-lower-operators %s | FileCheck %s

// The bias is that of the product; the sum is a result of its own.
// CHECK-LABEL: func.func @main
// CHECK: %[[P:.*]] = onnxir.MatMul
// CHECK: %[[B:.*]] = onnxir.Add(%[[P]], %[[BIAS:.*]])
// CHECK: %[[S:.*]] = onnxir.Add(%arg0, %[[B]])
// CHECK: onnxir.LayerNormalization(%[[S]], %arg3, %arg4) {epsilon = 9.99999996E-13 : f32
// CHECK: return %{{.*}}, %[[S]]
module {
  func.func @main(%x: tensor<?x?x4xf32>, %w: tensor<4x4xf32>, %bias: tensor<4xf32>, %gamma: tensor<4xf32>, %beta: tensor<4xf32>) -> (tensor<?x?x4xf32>, tensor<?x?x4xf32>) {
    %p = onnxir.MatMul(%x, %w) : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %o:4 = onnxir.microsoft.SkipLayerNormalization(%x, %p, %gamma, %beta, %bias) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<?x?x4xf32>, none, none, tensor<?x?x4xf32>)
    return %o#0, %o#3 : tensor<?x?x4xf32>, tensor<?x?x4xf32>
  }
}

// -----

// Its mean is a result that the sum and the norm do not have.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.microsoft.SkipLayerNormalization
module {
  func.func @main(%x: tensor<?x?x4xf32>, %gamma: tensor<4xf32>) -> (tensor<?x?x4xf32>, tensor<?x?x1xf32>) {
    %none = onnxir.none
    %o:4 = onnxir.microsoft.SkipLayerNormalization(%x, %x, %gamma, %none, %none) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<4xf32>, none, none) -> (tensor<?x?x4xf32>, tensor<?x?x1xf32>, none, none)
    return %o#0, %o#1 : tensor<?x?x4xf32>, tensor<?x?x1xf32>
  }
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: %[[S:.*]] = onnxir.Add(%arg0, %arg0)
// CHECK: onnxir.SimplifiedLayerNormalization(%[[S]], %arg1)
// CHECK-NOT: onnxir.microsoft
module {
  func.func @main(%x: tensor<?x?x4xf32>, %gamma: tensor<4xf32>) -> tensor<?x?x4xf32> {
    %none = onnxir.none
    %o:4 = onnxir.microsoft.SkipSimplifiedLayerNormalization(%x, %x, %gamma, %none) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<4xf32>, none) -> (tensor<?x?x4xf32>, none, none, none)
    return %o#0 : tensor<?x?x4xf32>
  }
}

// -----

// A weight that does not fit stays an error of the file.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.microsoft.SkipSimplifiedLayerNormalization
module {
  func.func @main(%x: tensor<?x?x4xf32>, %gamma: tensor<5xf32>) -> tensor<?x?x4xf32> {
    %none = onnxir.none
    %o:4 = onnxir.microsoft.SkipSimplifiedLayerNormalization(%x, %x, %gamma, %none) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<5xf32>, none) -> (tensor<?x?x4xf32>, none, none, none)
    return %o#0 : tensor<?x?x4xf32>
  }
}

// -----

// Words, positions, types; the index of the mask counts its row.
// CHECK-LABEL: func.func @main
// CHECK: %[[W:.*]] = onnxir.Gather(%arg2, %arg0)
// CHECK: %[[R:.*]] = onnxir.Range
// CHECK: %[[I:.*]] = onnxir.Unsqueeze(%[[R]]
// CHECK: %[[P:.*]] = onnxir.Gather(%arg3, %[[I]])
// CHECK: %[[A:.*]] = onnxir.Add(%[[W]], %[[P]])
// CHECK: %[[M:.*]] = onnxir.ReduceSum(%arg1
// CHECK: onnxir.LayerNormalization(%[[A]], %arg4, %arg5)
// CHECK: onnxir.Neg(%[[M]])
module {
  func.func @main(%ids: tensor<?x?xi32>, %mask: tensor<?x?xi32>, %words: tensor<9x4xf32>, %places: tensor<8x4xf32>, %gamma: tensor<4xf32>, %beta: tensor<4xf32>) -> (tensor<?x?x4xf32>, tensor<?xi32>) {
    %none = onnxir.none
    %o:3 = onnxir.microsoft.EmbedLayerNormalization(%ids, %none, %words, %places, %none, %gamma, %beta, %mask, %none) : (tensor<?x?xi32>, none, tensor<9x4xf32>, tensor<8x4xf32>, none, tensor<4xf32>, tensor<4xf32>, tensor<?x?xi32>, none) -> (tensor<?x?x4xf32>, tensor<?xi32>, none)
    %n = onnxir.Neg(%o#1) : (tensor<?xi32>) -> tensor<?xi32>
    return %o#0, %n : tensor<?x?x4xf32>, tensor<?xi32>
  }
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = onnxir.Add(%arg0, %arg1)
// CHECK: onnxir.Gelu(%[[A]]) :
// CHECK: onnxir.Gelu(%{{.*}}) {approximate = "tanh"}
// CHECK: %[[S:.*]] = onnxir.Sigmoid
// CHECK: onnxir.Mul(%{{.*}}, %[[S]])
// CHECK-NOT: onnxir.microsoft
module {
  func.func @main(%x: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
    %none = onnxir.none
    %0 = onnxir.microsoft.BiasGelu(%x, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %1 = onnxir.microsoft.FastGelu(%0, %none) : (tensor<?x4xf32>, none) -> tensor<?x4xf32>
    %2 = onnxir.microsoft.QuickGelu(%1) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    return %2 : tensor<?x4xf32>
  }
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: %[[T:.*]] = onnxir.Transpose(%arg1) {perm = array<i64: 0, 2, 1>}
// CHECK: %[[P:.*]] = onnxir.MatMul(%arg0, %[[T]])
// CHECK: onnxir.Mul(%[[P]]
module {
  func.func @main(%a: tensor<2x?x4xf32>, %b: tensor<2x?x4xf32>) -> tensor<2x?x?xf32> {
    %0 = onnxir.microsoft.FusedMatMul(%a, %b) {alpha = 5.000000e-01 : f32, transB = 1 : i64} : (tensor<2x?x4xf32>, tensor<2x?x4xf32>) -> tensor<2x?x?xf32>
    return %0 : tensor<2x?x?xf32>
  }
}

// -----

// Axes of the batch that move have no such form.
// CHECK-LABEL: func.func @main
// CHECK: onnxir.microsoft.FusedMatMul
module {
  func.func @main(%a: tensor<2x3x4xf32>) -> tensor<?x?x?xf32> {
    %0 = onnxir.microsoft.FusedMatMul(%a, %a) {transBatchA = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<?x?x?xf32>
    return %0 : tensor<?x?x?xf32>
  }
}
