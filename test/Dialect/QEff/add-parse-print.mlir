// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @sums
func.func @sums(%0: tensor<?x?x16xf32>, %1: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  // CHECK: qeff.add %{{.*}}, %{{.*}} : tensor<?x?x16xf32>
  %2 = qeff.add %0, %1 : tensor<?x?x16xf32>
  // CHECK: qeff.add %{{.*}}, %{{.*}} scope("layers.0") : tensor<?x?x16xf32>
  %3 = qeff.add %2, %2 scope("layers.0") : tensor<?x?x16xf32>
  return %3 : tensor<?x?x16xf32>
}
