// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

qeff.file "private" @f "b" {root = "model", size = 64 : i64}
qeff.weight "private" @q file(@f) {offset = 0 : i64} : tensor<4x4xf32>
// CHECK-LABEL: @main
func.func @main() -> tensor<4x4xf32> {
  // CHECK: %[[Q:.*]] = qeff.weight_ref @q : tensor<4x4xf32>
  %0 = qeff.weight_ref @q : tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
