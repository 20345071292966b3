// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @norms
func.func @norms(%x: tensor<?x?x16xf32>, %w: tensor<16xf32>, %b: tensor<16xf32>) -> tensor<?x?x16xf32> {
  // CHECK: qeff.layer_norm %{{.*}} weight(%{{.*}} : tensor<16xf32>) bias(%{{.*}} : tensor<16xf32>) {eps = 1.000000e-05 : f64} : tensor<?x?x16xf32>
  %1 = qeff.layer_norm %x weight(%w : tensor<16xf32>) bias(%b : tensor<16xf32>) {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>
  // CHECK: qeff.layer_norm %{{.*}} weight(%{{.*}} : tensor<16xf32>) scope("blocks.0.norm_1") {eps = 1.000000e-05 : f64} : tensor<?x?x16xf32>
  %2 = qeff.layer_norm %1 weight(%w : tensor<16xf32>) scope("blocks.0.norm_1") {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>
  // CHECK: qeff.layer_norm %{{.*}} bias(%{{.*}} : tensor<16xf32>) {eps = 1.000000e-05 : f64} : tensor<?x?x16xf32>
  %3 = qeff.layer_norm %2 bias(%b : tensor<16xf32>) {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>
  // CHECK: qeff.layer_norm %{{.*}} {eps = 0.000000e+00 : f64} : tensor<?x?x16xf32>
  %4 = qeff.layer_norm %3 {eps = 0.0 : f64} : tensor<?x?x16xf32>
  return %4 : tensor<?x?x16xf32>
}
