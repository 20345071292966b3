// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

qeff.dim @ctx_len
// CHECK-LABEL: @slots
func.func @slots(%pos: tensor<?x?xi64>, %static: tensor<1x6xi64>) -> tensor<?x?xi64> {
  // CHECK: qeff.cache_positions %{{.*}} {slots = @ctx_len} : tensor<?x?xi64> -> tensor<?x?xi64>
  %1 = qeff.cache_positions %pos {slots = @ctx_len} : tensor<?x?xi64> -> tensor<?x?xi64>
  // CHECK: qeff.cache_positions %{{.*}} scope("model") {slots = @ctx_len} : tensor<1x6xi64> -> tensor<1x16xi64>
  %2 = qeff.cache_positions %static scope("model") {slots = @ctx_len} : tensor<1x6xi64> -> tensor<1x16xi64>
  return %1 : tensor<?x?xi64>
}
