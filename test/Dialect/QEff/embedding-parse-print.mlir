// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK-LABEL: @tables
func.func @tables(%ids: tensor<?x?xi64>, %table: tensor<100x16xf16>, %static: tensor<1x4xi64>) -> tensor<?x?x16xf32> {
  // CHECK: qeff.embedding %{{.*}}, %{{.*}} scope("model.embed_tokens") : (tensor<?x?xi64>, tensor<100x16xf16>) -> tensor<?x?x16xf32>
  %1 = qeff.embedding %ids, %table scope("model.embed_tokens") : (tensor<?x?xi64>, tensor<100x16xf16>) -> tensor<?x?x16xf32>
  // CHECK: qeff.embedding %{{.*}}, %{{.*}} : (tensor<1x4xi64>, tensor<100x16xf16>) -> tensor<1x4x16xf16>
  %2 = qeff.embedding %static, %table : (tensor<1x4xi64>, tensor<100x16xf16>) -> tensor<1x4x16xf16>
  return %1 : tensor<?x?x16xf32>
}
