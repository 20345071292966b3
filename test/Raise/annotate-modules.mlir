// RUN: qeff-opt --split-input-file --qeff-annotate-modules %s | FileCheck %s
// RUN: qeff-opt --split-input-file --qeff-annotate-modules --remarks-filter=qeff-raise --remark-format=emitRemark %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// The exporter's wrapper goes away, and what PEFT puts behind a layer that has
// an adapter.
// CHECK-LABEL: func.func @main(
// CHECK: qeff.embedding {{.*}} {module = #qeff.module<"model.embed_tokens">}
// CHECK: qeff.linear {{.*}} scope("model.model.layers.0.q_proj.base_layer") {module = #qeff.module<"model.layers.0.q_proj">}
// CHECK: qeff.linear {{.*}} {module = #qeff.module<"lm_head">}
module {
  func.func @main(%ids: tensor<?x?xi64>, %t: tensor<6x4xf32>, %w: tensor<4x4xf32>) -> tensor<?x?x6xf32> {
    %0 = qeff.embedding %ids, %t {module = #qeff.module<"model.model.embed_tokens">} : (tensor<?x?xi64>, tensor<6x4xf32>) -> tensor<?x?x4xf32>
    %1 = qeff.linear %0, %w scope("model.model.layers.0.q_proj.base_layer") {module = #qeff.module<"model.model.layers.0.q_proj.base_layer">} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %2 = qeff.linear %1, %t {module = #qeff.module<"model.lm_head">} : (tensor<?x?x4xf32>, tensor<6x4xf32>) -> tensor<?x?x6xf32>
    return %2 : tensor<?x?x6xf32>
  }
}

// -----

// Without a head, what all share may be the body's own name.
// CHECK-LABEL: func.func @main(
// CHECK: qeff.linear {{.*}} {module = #qeff.module<"bert.encoder.query">}
module {
  func.func @main(%x: tensor<?x?x4xf32>, %w: tensor<4x4xf32>) -> tensor<?x?x4xf32> {
    %0 = qeff.linear %x, %w {module = #qeff.module<"bert.encoder.query">} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    return %0 : tensor<?x?x4xf32>
  }
}

// -----

// Parts of one weight are one module, in any order; a module is used twice.
// CHECK-LABEL: func.func @main(
// CHECK: qeff.linear {{.*}} {module = #qeff.module<"attn.c_attn", row 2>}
// CHECK: qeff.linear {{.*}} {module = #qeff.module<"attn.c_attn">}
// CHECK: qeff.linear {{.*}} {module = #qeff.module<"attn.c_attn">}
module {
  qeff.file "private" @f "m.onnx" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x4xf32>
  func.func @main(%x: tensor<?x?x4xf32>) -> (tensor<?x?x2xf32>, tensor<?x?x2xf32>, tensor<?x?x4xf32>) {
    %w = qeff.weight_ref @w : tensor<4x4xf32>
    %p = qeff.slice %w [2, 0] : tensor<4x4xf32> -> tensor<2x4xf32>
    %q = qeff.slice %w [0, 0] : tensor<4x4xf32> -> tensor<2x4xf32>
    %0 = qeff.linear %x, %p {module = #qeff.module<"attn.c_attn", row 2>} : (tensor<?x?x4xf32>, tensor<2x4xf32>) -> tensor<?x?x2xf32>
    %1 = qeff.linear %x, %q {module = #qeff.module<"attn.c_attn">} : (tensor<?x?x4xf32>, tensor<2x4xf32>) -> tensor<?x?x2xf32>
    %2 = qeff.linear %x, %w {module = #qeff.module<"attn.c_attn">} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    return %0, %1, %2 : tensor<?x?x2xf32>, tensor<?x?x2xf32>, tensor<?x?x4xf32>
  }
}

// -----

// Two weights claim one module; a module holds another; rows are missing; a name
// is no path.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: #qeff.module<"twice">
// CHECK-NOT: #qeff.module<"mlp">
// CHECK-NOT: #qeff.module<"part"
// CHECK-NOT: #qeff.module<"a b">
// CHECK: {module = #qeff.module<"mlp.up">}
// REMARK-DAG: module-not-named{{.*}}another op has its name{{.*}}module={{"?}}twice
// REMARK-DAG: module-not-named{{.*}}it holds other modules{{.*}}module={{"?}}mlp
// REMARK-DAG: module-not-named{{.*}}rows of it are in no other op{{.*}}module={{"?}}part
// REMARK-DAG: module-not-named{{.*}}the name is no path of printable ASCII{{.*}}module={{"?}}a b
module {
  qeff.file "private" @f "m.onnx" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x4xf32>
  qeff.weight "private" @v file(@f) {offset = 64 : i64} : tensor<4x4xf32>
  func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
    %w = qeff.weight_ref @w : tensor<4x4xf32>
    %v = qeff.weight_ref @v : tensor<4x4xf32>
    %0 = qeff.linear %x, %w {module = #qeff.module<"twice">} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %1 = qeff.linear %0, %v {module = #qeff.module<"twice">} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %2 = qeff.linear %1, %v {module = #qeff.module<"mlp">} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %3 = qeff.linear %2, %v {module = #qeff.module<"part", row 3>} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %4 = qeff.linear %3, %v {module = #qeff.module<"a b">} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    %5 = qeff.linear %4, %v {module = #qeff.module<"mlp.up">} : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
    return %5 : tensor<?x?x4xf32>
  }
}
