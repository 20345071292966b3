// RUN: qeff-opt %s --onnxir-fold-constants --split-input-file | FileCheck %s

qeff.dim @batch {min = 0}
qeff.dim @seq {min = 0}

// A reshape whose target is computed from shapes gets a constant one.
// CHECK-LABEL: func.func @target
func.func @target(%x: tensor<?x?x8xf32> {qeff.dims = [@batch, @seq, 8]}) -> tensor<?x?x2x4xf32> {
  // CHECK: %[[TARGET:.*]] = onnxir.initializer "shape" dense<[0, 0, 2, 4]>
  // CHECK-NEXT: %[[Y:.*]] = onnxir.Reshape(%arg0, %[[TARGET]])
  // CHECK-NEXT: return %[[Y]]
  %sizes = onnxir.initializer "sizes" dense<[2, 4]> : tensor<2xi64>
  %shape = onnxir.Shape(%x) {end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<2xi64>
  %target = onnxir.Concat(%shape, %sizes) {axis = 0 : i64} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %y = onnxir.Reshape(%x, %target) : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  return %y : tensor<?x?x2x4xf32>
}

// -----

// What is computed from constants and static sizes is a constant.
// CHECK-LABEL: func.func @constants
func.func @constants(%x: tensor<2x64xf32>) -> (tensor<f32>, tensor<i64>, tensor<2xi1>) {
  // CHECK-DAG: %[[SCALE:.*]] = onnxir.initializer "{{.*}}" dense<1.250000e-01> : tensor<f32>
  // CHECK-DAG: %[[SIZE:.*]] = onnxir.initializer "size" dense<64> : tensor<i64>
  // CHECK-DAG: %[[LESS:.*]] = onnxir.initializer "{{.*}}" dense<[true, false]> : tensor<2xi1>
  // CHECK: return %[[SCALE]], %[[SIZE]], %[[LESS]]
  %one = onnxir.initializer "one" dense<1> : tensor<i64>
  %unit = onnxir.initializer "unit" dense<1.0> : tensor<f32>
  %values = onnxir.initializer "values" dense<[0.5, 3.0]> : tensor<2xf32>
  %shape = onnxir.Shape(%x) : (tensor<2x64xf32>) -> tensor<2xi64>
  %size = onnxir.Gather(%shape, %one) {name = "size"} : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %float = onnxir.Cast(%size) {to = 1 : i64} : (tensor<i64>) -> tensor<f32>
  %root = onnxir.Sqrt(%float) : (tensor<f32>) -> tensor<f32>
  %scale = onnxir.Div(%unit, %root) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %less = onnxir.Less(%values, %unit) : (tensor<2xf32>, tensor<f32>) -> tensor<2xi1>
  return %scale, %size, %less : tensor<f32>, tensor<i64>, tensor<2xi1>
}

// -----

// CHECK-LABEL: func.func @noise
func.func @noise(%x: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<4x3x2xf32>) {
  // CHECK-NEXT: %[[T:.*]] = onnxir.Transpose(%arg0) {perm = array<i64: 2, 1, 0>}
  // CHECK-NEXT: return %arg0, %[[T]]
  %none = onnxir.none
  %axes = onnxir.initializer "axes" dense<0> : tensor<1xi64>
  %zero = onnxir.initializer "zero" dense<0> : tensor<1xi64>
  %far = onnxir.initializer "far" dense<9223372036854775807> : tensor<1xi64>
  %0 = onnxir.Identity(%x) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %1 = onnxir.Cast(%0) {to = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %2 = onnxir.Unsqueeze(%1, %axes) : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<1x2x3x4xf32>
  %3 = onnxir.Squeeze(%2, %axes) : (tensor<1x2x3x4xf32>, tensor<1xi64>) -> tensor<2x3x4xf32>
  %4 = onnxir.Slice(%3, %zero, %far, %axes, %none) : (tensor<2x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> tensor<2x3x4xf32>
  %5 = onnxir.Transpose(%4) {perm = array<i64: 1, 0, 2>} : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %6 = onnxir.Transpose(%5) {perm = array<i64: 2, 0, 1>} : (tensor<3x2x4xf32>) -> tensor<4x3x2xf32>
  return %4, %6 : tensor<2x3x4xf32>, tensor<4x3x2xf32>
}

// -----

qeff.dim @batch {min = 0}
qeff.dim @seq {min = 0}

// A size is computed once; neutral operands and constant choices go; axes that
// are added one by one are added at once.
// CHECK-LABEL: func.func @once
func.func @once(%x: tensor<?x?xf32> {qeff.dims = [@batch, @seq]}) -> (tensor<i64>, tensor<i64>, tensor<?x1x?x1xf32>) {
  // CHECK: %[[AXES:.*]] = onnxir.initializer "axes" dense<[1, 3]>
  // CHECK: %[[SHAPE:.*]] = onnxir.Shape
  // CHECK-NEXT: %[[SIZE:.*]] = onnxir.Gather(%[[SHAPE]]
  // CHECK-NEXT: %[[Y:.*]] = onnxir.Unsqueeze(%arg0, %[[AXES]])
  // CHECK-NEXT: return %[[SIZE]], %[[SIZE]], %[[Y]]
  %zero = onnxir.initializer "zero" dense<0> : tensor<i64>
  %unit = onnxir.initializer "unit" dense<1.0> : tensor<f32>
  %one = onnxir.initializer "one" dense<1> : tensor<1xi64>
  %three = onnxir.initializer "three" dense<3> : tensor<1xi64>
  %false = onnxir.initializer "false" dense<false> : tensor<i1>
  %shape = onnxir.Shape(%x) {name = "a"} : (tensor<?x?xf32>) -> tensor<2xi64>
  %size = onnxir.Gather(%shape, %zero) : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %again = onnxir.Shape(%x) {name = "b"} : (tensor<?x?xf32>) -> tensor<2xi64>
  %same = onnxir.Gather(%again, %zero) : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %0 = onnxir.Mul(%x, %unit) : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xf32>
  %1 = onnxir.Where(%false, %unit, %0) : (tensor<i1>, tensor<f32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %2 = onnxir.Unsqueeze(%1, %one) : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<?x1x?xf32>
  %3 = onnxir.Unsqueeze(%2, %three) : (tensor<?x1x?xf32>, tensor<1xi64>) -> tensor<?x1x?x1xf32>
  return %size, %same, %3 : tensor<i64>, tensor<i64>, tensor<?x1x?x1xf32>
}
