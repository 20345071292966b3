// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @weights
func.func @weights(%w: tensor<24x16xf16>, %a: tensor<4x16xf32>, %b: tensor<24x4xbf16>, %m: tensor<24xf32>) -> tensor<24x16xf16> {
  // CHECK: %[[V:.*]] = qeff.lora_merge %{{.*}}, %{{.*}}, %{{.*}} {scaling = 2.000000e+00 : f64} : tensor<24x16xf16>, tensor<4x16xf32>, tensor<24x4xbf16>
  %0 = qeff.lora_merge %w, %a, %b {scaling = 2.0 : f64} : tensor<24x16xf16>, tensor<4x16xf32>, tensor<24x4xbf16>
  // CHECK: qeff.lora_merge %[[V]], %{{.*}}, %{{.*}} magnitude(%{{.*}} : tensor<24xf32>) {scaling = -5.000000e-01 : f64} : tensor<24x16xf16>, tensor<4x16xf32>, tensor<24x4xbf16>
  %1 = qeff.lora_merge %0, %a, %b magnitude(%m : tensor<24xf32>) {scaling = -0.5 : f64} : tensor<24x16xf16>, tensor<4x16xf32>, tensor<24x4xbf16>
  return %1 : tensor<24x16xf16>
}
