// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt %s --emit-bytecode | qeff-opt | FileCheck %s

// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<1x1x8xf32>, %w: tensor<4x8xf32>) {
  // CHECK: {module = #qeff.module<"a">}
  %0 = qeff.linear %x, %w {module = #qeff.module<"a">} : (tensor<1x1x8xf32>, tensor<4x8xf32>) -> tensor<1x1x4xf32>
  // CHECK: {module = #qeff.module<"a", row 2>}
  %1 = qeff.linear %x, %w {module = #qeff.module<"a", row 2>} : (tensor<1x1x8xf32>, tensor<4x8xf32>) -> tensor<1x1x4xf32>
  // CHECK: {module = #qeff.module<"a", transposed>}
  %2 = qeff.linear %x, %w {module = #qeff.module<"a", transposed>} : (tensor<1x1x8xf32>, tensor<4x8xf32>) -> tensor<1x1x4xf32>
  // CHECK: {module = #qeff.module<"a", run 2, every 6>}
  %3 = qeff.linear %x, %w {module = #qeff.module<"a", run 2, every 6>} : (tensor<1x1x8xf32>, tensor<4x8xf32>) -> tensor<1x1x4xf32>
  // CHECK: {module = #qeff.module<"a", row 4, run 2, every 6, transposed>}
  %4 = qeff.linear %x, %w {module = #qeff.module<"a", row 4, run 2, every 6, transposed>} : (tensor<1x1x8xf32>, tensor<4x8xf32>) -> tensor<1x1x4xf32>
  return
}
