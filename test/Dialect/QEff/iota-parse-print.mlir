// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @positions
func.func @positions(%0: tensor<?x?xi64>) -> tensor<?x?xi64> {
  // CHECK: qeff.iota %{{.*}} scope("embeddings") : tensor<?x?xi64>
  %1 = qeff.iota %0 scope("embeddings") : tensor<?x?xi64>
  return %1 : tensor<?x?xi64>
}
