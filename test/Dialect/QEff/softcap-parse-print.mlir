// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @logits
func.func @logits(%0: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  // CHECK: qeff.softcap %{{.*}} scope("lm_head") {cap = 3.000000e+01 : f64} : tensor<?x?x16xf32>
  %1 = qeff.softcap %0 scope("lm_head") {cap = 30.0 : f64} : tensor<?x?x16xf32>
  return %1 : tensor<?x?x16xf32>
}
