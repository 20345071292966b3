// RUN: qeff-opt %s --onnxir-upgrade --split-input-file | FileCheck %s

// The opset becomes the oldest that has all forms.
// CHECK: onnxir.opset_imports = [#onnxir.opset<"", 18>]
module attributes {onnxir.ir_version = 3 : i64, onnxir.opset_imports = [#onnxir.opset<"", 9>]} {
  // CHECK-LABEL: func.func @attributes
  func.func @attributes(%x: tensor<?x4x1xf32>) -> (!onnxir.any, !onnxir.any) {
    // CHECK-DAG: %[[MAX:.*]] = onnxir.initializer "max" dense<6.000000e+00> : tensor<f32>
    // CHECK-DAG: %[[AXES:.*]] = onnxir.initializer "axes" dense<2> : tensor<1xi64>
    // CHECK-DAG: %[[NONE:.*]] = onnxir.none
    // CHECK: onnxir.Squeeze(%arg0, %[[AXES]]) {name = "/model/layers.0/Squeeze", scope = "model.layers.0"}
    %0 = onnxir.node "Squeeze"(%x) name("/model/layers.0/Squeeze") attrs {axes = array<i64: 2>} : (tensor<?x4x1xf32>) -> tensor<?x4xf32>
    // CHECK: onnxir.Clip(%{{.*}}, %[[NONE]], %[[MAX]])
    %1 = onnxir.node "Clip"(%0) attrs {max = 6.0 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    // CHECK: onnxir.ReduceMax(%{{.*}}, %[[AXES]])
    %2 = onnxir.node "ReduceMax"(%x) attrs {axes = array<i64: 2>, keepdims = 0 : i64} : (tensor<?x4x1xf32>) -> !onnxir.any
    // CHECK: onnxir.Identity
    %3 = onnxir.node "Dropout"(%1) attrs {ratio = 0.1 : f32} : (tensor<?x4xf32>) -> !onnxir.any
    return %2, %3 : !onnxir.any, !onnxir.any
  }
}

// -----

// CHECK: onnxir.opset_imports = [#onnxir.opset<"", 13>]
module attributes {onnxir.ir_version = 3 : i64, onnxir.opset_imports = [#onnxir.opset<"", 11>]} {
  // CHECK-LABEL: func.func @softmax
  func.func @softmax(%x: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
    // CHECK: onnxir.Softmax(%arg0) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    %0 = onnxir.node "Softmax"(%x) attrs {axis = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    // CHECK: %[[SHAPE:.*]] = onnxir.Shape(%arg0)
    // CHECK: %[[FLAT:.*]] = onnxir.Flatten(%arg0)
    // CHECK: %[[SOFTMAX:.*]] = onnxir.Softmax(%[[FLAT]]) : (tensor<?x?xf32>) -> tensor<?x?xf32>
    // CHECK: onnxir.Reshape(%[[SOFTMAX]], %[[SHAPE]])
    %1 = onnxir.node "Softmax"(%x) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    return %0, %1 : tensor<2x3x4xf32>, tensor<2x3x4xf32>
  }
}

// -----

// What has no typed op, or none of this form, stays and says its opset.
module attributes {onnxir.ir_version = 3 : i64, onnxir.opset_imports = [#onnxir.opset<"", 17>, #onnxir.opset<"other", 1>]} {
  // CHECK-LABEL: func.func @nodes
  func.func @nodes(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
    // CHECK: onnxir.node "other::Add"(%arg0) since 1
    %0 = onnxir.node "other::Add"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    // CHECK: onnxir.node "Add"(%arg0) since 17
    %1 = onnxir.node "Add"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    // CHECK: onnxir.node "Relu"(%arg0) since 17
    %2 = onnxir.node "Relu"(%x) attrs {strange = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
    return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// Old forms with too few operands, as no exporter writes them.
module attributes {onnxir.ir_version = 3 : i64, onnxir.opset_imports = [#onnxir.opset<"", 9>]} {
  // CHECK-LABEL: func.func @hostile
  func.func @hostile() -> (!onnxir.any, !onnxir.any, !onnxir.any) {
    // CHECK: onnxir.node "Softmax"() since 9
    %0 = onnxir.node "Softmax"() : () -> !onnxir.any
    // CHECK: onnxir.node "GroupNormalization"() since 9
    %1 = onnxir.node "GroupNormalization"() attrs {num_groups = 1 : i64} : () -> !onnxir.any
    // CHECK: onnxir.node "Add"() since 6
    %2 = onnxir.node "Add"() since 6 attrs {axis = 1 : i64, broadcast = 1 : i64} : () -> !onnxir.any
    return %0, %1, %2 : !onnxir.any, !onnxir.any, !onnxir.any
  }
}
