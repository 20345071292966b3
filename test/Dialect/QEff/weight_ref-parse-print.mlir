// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

qeff.file "private" @f "b" {root = "model", size = 512 : i64}
qeff.weight "private" @q file(@f) {offset = 0 : i64} : tensor<16x16xf16>
// CHECK-LABEL: @main
func.func @main() -> tensor<16x16xf16> {
  // CHECK: %[[Q:.*]] = qeff.weight_ref @q : tensor<16x16xf16>
  %0 = qeff.weight_ref @q : tensor<16x16xf16>
  return %0 : tensor<16x16xf16>
}
