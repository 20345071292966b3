// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @layers
func.func @layers(%x: tensor<?x?x16xf32>, %w: tensor<100x16xf16>, %b: tensor<100xf32>, %row: tensor<16xf32>) -> tensor<?x?x100xf32> {
  // CHECK: qeff.linear %{{.*}}, %{{.*}} scope("lm_head") : (tensor<?x?x16xf32>, tensor<100x16xf16>) -> tensor<?x?x100xf32>
  %1 = qeff.linear %x, %w scope("lm_head") : (tensor<?x?x16xf32>, tensor<100x16xf16>) -> tensor<?x?x100xf32>
  // CHECK: qeff.linear %{{.*}}, %{{.*}}, %{{.*}} scope("h.0.mlp.c_fc") : (tensor<?x?x16xf32>, tensor<100x16xf16>, tensor<100xf32>) -> tensor<?x?x100xf32>
  %2 = qeff.linear %x, %w, %b scope("h.0.mlp.c_fc") : (tensor<?x?x16xf32>, tensor<100x16xf16>, tensor<100xf32>) -> tensor<?x?x100xf32>
  // CHECK: qeff.linear %{{.*}}, %{{.*}} : (tensor<16xf32>, tensor<100x16xf16>) -> tensor<100xf32>
  %3 = qeff.linear %row, %w : (tensor<16xf32>, tensor<100x16xf16>) -> tensor<100xf32>
  return %1 : tensor<?x?x100xf32>
}
