// RUN: qeff-opt %s --onnxir-infer-shapes | FileCheck %s

qeff.dim @batch {min = 0}
qeff.dim @seq {min = 0}

// Types of results follow from the operands; sizes that are computed are known.
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<?x?x2x4xf32> {qeff.name = "y"}, tensor<?x3x8xf16> {qeff.dims = [unit, 3, 8], qeff.name = "z"})
func.func @main(%x: tensor<?x?x8xf32> {qeff.dims = [@batch, @seq, 8], qeff.name = "x"}) -> (!onnxir.any {qeff.name = "y"}, tensor<?x?x8xf16> {qeff.dims = [unit, unit, 8], qeff.name = "z"}) {
  %none = onnxir.none
  %zero = onnxir.initializer "zero" dense<0> : tensor<i64>
  %axes = onnxir.initializer "axes" dense<0> : tensor<1xi64>
  %heads = onnxir.initializer "heads" dense<[-1, 2, 4]> : tensor<3xi64>
  // CHECK: onnxir.Shape(%{{.*}}) : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %shape = onnxir.Shape(%x) : (tensor<?x?x8xf32>) -> !onnxir.any
  // CHECK: onnxir.Gather{{.*}} -> tensor<i64>
  %batch = onnxir.Gather(%shape, %zero) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  // CHECK: onnxir.Unsqueeze{{.*}} -> tensor<1xi64>
  %size = onnxir.Unsqueeze(%batch, %axes) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  // CHECK: onnxir.Concat{{.*}} -> tensor<4xi64>
  %target = onnxir.Concat(%size, %heads) {axis = 0 : i64} : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  // CHECK: onnxir.Reshape{{.*}} -> tensor<?x?x2x4xf32>
  %y = onnxir.Reshape(%x, %target) : (tensor<?x?x8xf32>, !onnxir.any) -> !onnxir.any
  // CHECK: onnxir.Equal{{.*}} -> tensor<?x?x8xi1>
  %same = onnxir.Equal(%x, %x) : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> !onnxir.any
  %three = onnxir.initializer "three" dense<3> : tensor<1xi64>
  %one = onnxir.initializer "one" dense<1> : tensor<1xi64>
  %cut = onnxir.Slice(%x, %axes, %three, %one, %none) : (tensor<?x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, none) -> !onnxir.any
  // CHECK: onnxir.Cast{{.*}} -> tensor<?x3x8xf16>
  %z = onnxir.Cast(%cut) {to = 10 : i64} : (!onnxir.any) -> tensor<?x?x8xf16>
  return %y, %z : !onnxir.any, tensor<?x?x8xf16>
}
