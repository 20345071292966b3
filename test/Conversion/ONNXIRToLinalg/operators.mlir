// RUN: qeff-opt %s --convert-onnxir-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @add
// CHECK-SAME: %[[A:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<3xf32>
func.func @add(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  // CHECK: %[[E:.*]] = tensor.empty() : tensor<2x3xf32>
  // CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[E]] : tensor<2x3xf32>)
  // CHECK: arith.addf
  // CHECK: return %[[R]]
  %0 = onnxir.Add(%a, %b) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----
// Unsigned integers become signless ones that are still divided as unsigned.
// CHECK-LABEL: func.func @unsigned
// CHECK-SAME: tensor<4xi8>
func.func @unsigned(%a: tensor<4xui8>, %b: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK: arith.divui
  %0 = onnxir.Div(%a, %b) : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// -----
// f16 is computed in f32.
// CHECK-LABEL: func.func @half
func.func @half(%a: tensor<4xf16>) -> tensor<4xf16> {
  // CHECK: arith.extf {{.*}} : f16 to f32
  // CHECK: math.exp {{.*}} : f32
  // CHECK: arith.truncf {{.*}} : f32 to f16
  %0 = onnxir.Exp(%a) : (tensor<4xf16>) -> tensor<4xf16>
  return %0 : tensor<4xf16>
}

// -----
// Reshapes are views; indices that are data are clamped.
// CHECK-LABEL: func.func @gather
func.func @gather(%a: tensor<6xf32>, %i: tensor<2xi64>) -> tensor<2x3xf32> {
  %shape = onnxir.initializer "shape" dense<[2, 3]> : tensor<2xi64>
  // CHECK: tensor.expand_shape
  %0 = onnxir.Reshape(%a, %shape) : (tensor<6xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  // CHECK: linalg.generic
  // CHECK: arith.minsi
  // CHECK: arith.maxsi
  // CHECK: tensor.extract
  %1 = onnxir.Gather(%0, %i) {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// -----
// Sizes that are not known stay.
// CHECK-LABEL: func.func @dynamic
func.func @dynamic(%a: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK: onnxir.Neg
  %0 = onnxir.Neg(%a) : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
