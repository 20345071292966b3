// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @norms
func.func @norms(%x: tensor<?x?x16xf32>, %w: tensor<16xf32>) -> tensor<?x?x16xf32> {
  // CHECK: qeff.rms_norm %{{.*}}, %{{.*}} {eps = 1.000000e-05 : f64} : tensor<?x?x16xf32>, tensor<16xf32>
  %1 = qeff.rms_norm %x, %w {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>, tensor<16xf32>
  // CHECK: qeff.rms_norm %{{.*}}, %{{.*}} scope("layers.0.input_layernorm") {eps = 0.000000e+00 : f64} : tensor<?x?x16xf32>, tensor<16xf32>
  %2 = qeff.rms_norm %1, %w scope("layers.0.input_layernorm") {eps = 0.0 : f64} : tensor<?x?x16xf32>, tensor<16xf32>
  return %2 : tensor<?x?x16xf32>
}
