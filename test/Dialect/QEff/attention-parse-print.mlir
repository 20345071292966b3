// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @causal
func.func @causal(%q: tensor<?x4x?x8xf32>, %k: tensor<?x2x?x8xf32>, %v: tensor<?x2x?x8xf32>, %pos: tensor<?x?xi64>) -> tensor<?x4x?x8xf32> {
  // CHECK: qeff.attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {causal, scale = 1.250000e-01 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
  %1 = qeff.attention %q, %k, %v, %pos, %pos {causal, scale = 0.125 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x4x?x8xf32>
  return %1 : tensor<?x4x?x8xf32>
}

// Slopes, a scope, values of another head size, no mask.
// CHECK-LABEL: @biased
func.func @biased(%q: tensor<1x4x6x8xf32>, %k: tensor<1x4x16x8xf32>, %v: tensor<1x4x16x5xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>, %slopes: tensor<4xf32>) -> tensor<1x4x6x5xf32> {
  // CHECK: qeff.attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} slopes(%{{.*}}) scope("blocks.0.attn") {scale = 1.000000e+00 : f64} : (tensor<1x4x6x8xf32>, tensor<1x4x16x8xf32>, tensor<1x4x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<4xf32>) -> tensor<1x4x6x5xf32>
  %1 = qeff.attention %q, %k, %v, %qp, %kp slopes(%slopes) scope("blocks.0.attn") {scale = 1.0 : f64} : (tensor<1x4x6x8xf32>, tensor<1x4x16x8xf32>, tensor<1x4x16x5xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<4xf32>) -> tensor<1x4x6x5xf32>
  return %1 : tensor<1x4x6x5xf32>
}

// A window, a soft cap, sinks, a bias.
// CHECK-LABEL: @all
func.func @all(%q: tensor<1x4x6x8xf32>, %k: tensor<1x2x16x8xf32>, %qp: tensor<1x6xi64>, %kp: tensor<1x16xi64>, %heads: tensor<4xf32>, %bias: tensor<1x1x6x16xf32>) -> (tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>) {
  // CHECK: qeff.attention %{{.*}} slopes(%{{.*}}) sinks(%{{.*}}) bias(%{{.*}}) {causal, scale = 1.000000e+00 : f64, softcap = 5.000000e+01 : f64, window = 4 : i64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<4xf32>, tensor<4xf32>, tensor<1x1x6x16xf32>) -> tensor<1x4x6x8xf32>
  %0 = qeff.attention %q, %k, %k, %qp, %kp slopes(%heads) sinks(%heads) bias(%bias) {causal, scale = 1.0 : f64, softcap = 50.0 : f64, window = 4 : i64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<4xf32>, tensor<4xf32>, tensor<1x1x6x16xf32>) -> tensor<1x4x6x8xf32>
  // CHECK: qeff.attention %{{.*}} bias(%{{.*}}) {scale = 1.000000e+00 : f64}
  %1 = qeff.attention %q, %k, %k, %qp, %kp bias(%bias) {scale = 1.0 : f64} : (tensor<1x4x6x8xf32>, tensor<1x2x16x8xf32>, tensor<1x2x16x8xf32>, tensor<1x6xi64>, tensor<1x16xi64>, tensor<1x1x6x16xf32>) -> tensor<1x4x6x8xf32>
  return %0, %1 : tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>
}
