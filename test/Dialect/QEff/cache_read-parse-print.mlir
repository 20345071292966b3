// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @read
func.func @read(%cache: tensor<?x2x?x8xf32>, %kp: tensor<?x?xi64>) -> tensor<?x2x?x8xf32> {
  // CHECK: qeff.cache_read %{{.*}}[%{{.*}}] : tensor<?x2x?x8xf32>, tensor<?x?xi64>
  %1 = qeff.cache_read %cache[%kp] : tensor<?x2x?x8xf32>, tensor<?x?xi64>
  // CHECK: qeff.cache_read %{{.*}}[%{{.*}}] scope("layers.0.self_attn") : tensor<?x2x?x8xf32>, tensor<?x?xi64>
  %2 = qeff.cache_read %cache[%kp] scope("layers.0.self_attn") : tensor<?x2x?x8xf32>, tensor<?x?xi64>
  return %1 : tensor<?x2x?x8xf32>
}
