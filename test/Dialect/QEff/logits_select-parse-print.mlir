// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @last
func.func @last(%x: tensor<?x?x16xf32>, %pos: tensor<?x?xi64>) -> tensor<?x1x16xf32> {
  // CHECK: qeff.logits_select %{{.*}}, %{{.*}} : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x1x16xf32>
  %1 = qeff.logits_select %x, %pos : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x1x16xf32>
  // CHECK: qeff.logits_select %{{.*}}, %{{.*}} scope("lm_head") : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x1x16xf32>
  %2 = qeff.logits_select %x, %pos scope("lm_head") : (tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x1x16xf32>
  return %1 : tensor<?x1x16xf32>
}
