// RUN: qeff-opt %s --qeff-clip-fp16 --split-input-file | FileCheck %s

// What is no weight stays: activations, and an expression without a value.

// CHECK-LABEL: @activation
func.func @activation(%a: tensor<8xf32>) -> tensor<8xf16> {
  // CHECK-NOT: qeff.clip
  // CHECK: return
  %0 = qeff.cast %a : tensor<8xf32> -> tensor<8xf16>
  return %0 : tensor<8xf16>
}

// -----

// CHECK-LABEL: @loop
qeff.weight_expr "private" @loop : tensor<8xf32> {
  %0 = qeff.weight_ref @loop : tensor<8xf32>
  %1 = qeff.cast %0 : tensor<8xf32> -> tensor<8xf16>
  %2 = qeff.cast %1 : tensor<8xf16> -> tensor<8xf32>
  // CHECK-NOT: qeff.clip
  // CHECK: qeff.yield
  qeff.yield %2 : tensor<8xf32>
}
