// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @kinds
func.func @kinds(%x: tensor<?x?x16xf32>, %pos: tensor<?x?xi64>) -> (tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>) {
  // CHECK: qeff.pool %{{.*}} scope("pooler") {kind = #qeff.pool<cls>} : (tensor<?x?x16xf32>) -> tensor<?x16xf32>
  %0 = qeff.pool %x scope("pooler") {kind = #qeff.pool<cls>} : (tensor<?x?x16xf32>) -> tensor<?x16xf32>
  // CHECK: qeff.pool %{{.*}}, %{{.*}} {kind = #qeff.pool<mean>} : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x16xf32>
  %1 = qeff.pool %x, %pos {kind = #qeff.pool<mean>} : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x16xf32>
  // CHECK: qeff.pool %{{.*}}, %{{.*}} {kind = #qeff.pool<last>}
  %2 = qeff.pool %x, %pos {kind = #qeff.pool<last>} : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x16xf32>
  // CHECK: qeff.pool %{{.*}} {kind = #qeff.pool<max>}
  %3 = qeff.pool %x {kind = #qeff.pool<max>} : (tensor<?x?x16xf32>) -> tensor<?x16xf32>
  return %0, %1, %2, %3 : tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>
}
