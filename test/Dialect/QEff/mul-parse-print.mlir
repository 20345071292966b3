// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @product
func.func @product(%0: tensor<?x?x16xf32>, %1: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  // CHECK: qeff.mul %{{.*}}, %{{.*}} scope("mlp") : tensor<?x?x16xf32>
  %2 = qeff.mul %0, %1 scope("mlp") : tensor<?x?x16xf32>
  return %2 : tensor<?x?x16xf32>
}
