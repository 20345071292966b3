// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @write
func.func @write(%cache: tensor<?x2x?x8xf32>, %pos: tensor<?x?xi64>, %k: tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32> {
  // CHECK: qeff.cache_write %{{.*}}[%{{.*}}], %{{.*}} : tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x2x?x8xf32>
  %1 = qeff.cache_write %cache[%pos], %k : tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x2x?x8xf32>
  // CHECK: qeff.cache_write %{{.*}}[%{{.*}}], %{{.*}} scope("layers.0.self_attn") : tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x2x?x8xf32>
  %2 = qeff.cache_write %1[%pos], %k scope("layers.0.self_attn") : tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x2x?x8xf32>
  return %2 : tensor<?x2x?x8xf32>
}
