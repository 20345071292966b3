// RUN: qeff-opt %s --split-input-file --verify-diagnostics

func.func @missing_operand(%x: tensor<4xf32>) {
  %none = onnxir.none
  // expected-error @+1 {{operand #1 must be value, but got 'none'}}
  %0 = onnxir.Add(%x, %none) : (tensor<4xf32>, none) -> tensor<4xf32>
  return
}

// -----

func.func @kind(%x: tensor<4xf32>) {
  // expected-error @+1 {{attribute 'axis' failed to satisfy constraint: i64}}
  %0 = "onnxir.Softmax"(%x) {axis = 1 : i32} : (tensor<4xf32>) -> tensor<4xf32>
  return
}
