// RUN: qeff-opt --split-input-file --qeff-raise-linear --canonicalize %s | FileCheck %s
// RUN: qeff-opt --split-input-file --qeff-raise-linear --remarks-filter=qeff-raise --remark-format=emitRemark %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// As the tracer writes it: W·x + B·(A·x)·s, weights as the products take them.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x?x4xf32>
// CHECK: %[[W:.*]] = qeff.lora_merge %{{.*}}, %{{.*}}, %{{.*}} {scaling = 2.500000e+00 : f64} : tensor<3x4xf32>, tensor<2x4xf32>, tensor<3x2xf32>
// CHECK: %[[Y:.*]] = qeff.linear %[[X]], %[[W]] scope("q_proj.base_layer") {module = #qeff.module<"q_proj.base_layer">} : (tensor<?x?x4xf32>, tensor<3x4xf32>) -> tensor<?x?x3xf32>
// CHECK-NEXT: return %[[Y]]
module {
  qeff.file "private" @f "m.onnx" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x3xf32>
  qeff.weight "private" @a file(@f) {offset = 64 : i64} : tensor<4x2xf32>
  qeff.weight "private" @b file(@f) {offset = 128 : i64} : tensor<2x3xf32>
  func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x3xf32> {
    %w = qeff.weight_ref @w : tensor<4x3xf32>
    %a = qeff.weight_ref @a : tensor<4x2xf32>
    %b = qeff.weight_ref @b : tensor<2x3xf32>
    %s = onnxir.initializer "s" dense<2.5> : tensor<f32>
    %0 = onnxir.MatMul(%x, %w) {scope = "q_proj.base_layer"} : (tensor<?x?x4xf32>, tensor<4x3xf32>) -> tensor<?x?x3xf32>
    %1 = onnxir.MatMul(%x, %a) {scope = "q_proj.lora_A.default"} : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
    %2 = onnxir.MatMul(%1, %b) {scope = "q_proj.lora_B.default"} : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
    %3 = onnxir.Mul(%2, %s) {scope = "q_proj"} : (tensor<?x?x3xf32>, tensor<f32>) -> tensor<?x?x3xf32>
    %4 = onnxir.Add(%0, %3) {scope = "q_proj"} : (tensor<?x?x3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    return %4 : tensor<?x?x3xf32>
  }
}

// -----

// A bias, casts and identities on the path, the scale in front and in two
// parts, operands the other way round.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x?x4xf32>
// CHECK: %[[W:.*]] = qeff.lora_merge %{{.*}}, %{{.*}}, %{{.*}} {scaling = 1.500000e+00 : f64}
// CHECK: %[[Y:.*]] = qeff.linear %[[X]], %[[W]], %{{.*}} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<3xf32>) -> tensor<?x?x3xf32>
// CHECK-NEXT: return %[[Y]]
module {
  qeff.file "private" @f "m.onnx" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x3xf32>
  qeff.weight "private" @a file(@f) {offset = 64 : i64} : tensor<2x4xf16>
  qeff.weight "private" @b file(@f) {offset = 128 : i64} : tensor<2x3xf32>
  func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x3xf32> {
    %w = qeff.weight_ref @w : tensor<4x3xf32>
    %a = qeff.weight_ref @a : tensor<2x4xf16>
    %b = qeff.weight_ref @b : tensor<2x3xf32>
    %bias = onnxir.initializer "bias" dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
    %s = onnxir.initializer "s" dense<3.0> : tensor<1xf32>
    %t = onnxir.initializer "t" dense<0.5> : tensor<f32>
    %0 = onnxir.MatMul(%x, %w) : (tensor<?x?x4xf32>, tensor<4x3xf32>) -> tensor<?x?x3xf32>
    %1 = onnxir.Add(%bias, %0) : (tensor<3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    %2 = onnxir.Cast(%x) {to = 10 : i64} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf16>
    %3 = onnxir.Transpose(%a) {perm = array<i64: 1, 0>} : (tensor<2x4xf16>) -> tensor<4x2xf16>
    %4 = onnxir.MatMul(%2, %3) : (tensor<?x?x4xf16>, tensor<4x2xf16>) -> tensor<?x?x2xf16>
    %5 = onnxir.Cast(%4) {to = 1 : i64} : (tensor<?x?x2xf16>) -> tensor<?x?x2xf32>
    %6 = onnxir.MatMul(%5, %b) : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
    %7 = onnxir.Identity(%6) : (tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    %8 = onnxir.Mul(%s, %7) : (tensor<1xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    %9 = onnxir.Mul(%8, %t) : (tensor<?x?x3xf32>, tensor<f32>) -> tensor<?x?x3xf32>
    %10 = onnxir.Add(%9, %1) : (tensor<?x?x3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    return %10 : tensor<?x?x3xf32>
  }
}

// -----

// Two adapters, one after the other.
// CHECK-LABEL: func.func @main(
// CHECK: %[[ONE:.*]] = qeff.lora_merge
// CHECK: %[[TWO:.*]] = qeff.lora_merge %[[ONE]]
// CHECK: qeff.linear %{{.*}}, %[[TWO]]
// CHECK-NOT: qeff.linear
module {
  qeff.file "private" @f "m.onnx" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x3xf32>
  qeff.weight "private" @a file(@f) {offset = 64 : i64} : tensor<4x2xf32>
  qeff.weight "private" @b file(@f) {offset = 128 : i64} : tensor<2x3xf32>
  qeff.weight "private" @c file(@f) {offset = 192 : i64} : tensor<4x1xf32>
  qeff.weight "private" @d file(@f) {offset = 256 : i64} : tensor<1x3xf32>
  func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x3xf32> {
    %w = qeff.weight_ref @w : tensor<4x3xf32>
    %a = qeff.weight_ref @a : tensor<4x2xf32>
    %b = qeff.weight_ref @b : tensor<2x3xf32>
    %c = qeff.weight_ref @c : tensor<4x1xf32>
    %d = qeff.weight_ref @d : tensor<1x3xf32>
    %0 = onnxir.MatMul(%x, %w) : (tensor<?x?x4xf32>, tensor<4x3xf32>) -> tensor<?x?x3xf32>
    %1 = onnxir.MatMul(%x, %a) : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
    %2 = onnxir.MatMul(%1, %b) : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
    %3 = onnxir.Add(%0, %2) : (tensor<?x?x3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    %4 = onnxir.MatMul(%x, %c) : (tensor<?x?x4xf32>, tensor<4x1xf32>) -> tensor<?x?x1xf32>
    %5 = onnxir.MatMul(%4, %d) : (tensor<?x?x1xf32>, tensor<1x3xf32>) -> tensor<?x?x3xf32>
    %6 = onnxir.Add(%3, %5) : (tensor<?x?x3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    return %6 : tensor<?x?x3xf32>
  }
}

// -----

// The path takes another input.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: qeff.lora_merge
// CHECK: onnxir.Add
// REMARK: lora-not-raised{{.*}}it does not take the layer's input
module {
  qeff.file "private" @f "m.onnx" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x3xf32>
  qeff.weight "private" @a file(@f) {offset = 64 : i64} : tensor<4x2xf32>
  qeff.weight "private" @b file(@f) {offset = 128 : i64} : tensor<2x3xf32>
  func.func @main(%x: tensor<?x?x4xf32>, %z: tensor<?x?x4xf32>) -> tensor<?x?x3xf32> {
    %w = qeff.weight_ref @w : tensor<4x3xf32>
    %a = qeff.weight_ref @a : tensor<4x2xf32>
    %b = qeff.weight_ref @b : tensor<2x3xf32>
    %0 = onnxir.MatMul(%x, %w) : (tensor<?x?x4xf32>, tensor<4x3xf32>) -> tensor<?x?x3xf32>
    %1 = onnxir.MatMul(%z, %a) : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
    %2 = onnxir.MatMul(%1, %b) : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
    %3 = onnxir.Add(%0, %2) : (tensor<?x?x3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    return %3 : tensor<?x?x3xf32>
  }
}

// -----

// The scale is an input.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: qeff.lora_merge
// CHECK: onnxir.Mul
// CHECK: onnxir.Add
// REMARK: lora-not-raised{{.*}}its scale is no number
module {
  qeff.file "private" @f "m.onnx" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x3xf32>
  qeff.weight "private" @a file(@f) {offset = 64 : i64} : tensor<4x2xf32>
  qeff.weight "private" @b file(@f) {offset = 128 : i64} : tensor<2x3xf32>
  func.func @main(%x: tensor<?x?x4xf32>, %s: tensor<f32>) -> tensor<?x?x3xf32> {
    %w = qeff.weight_ref @w : tensor<4x3xf32>
    %a = qeff.weight_ref @a : tensor<4x2xf32>
    %b = qeff.weight_ref @b : tensor<2x3xf32>
    %0 = onnxir.MatMul(%x, %w) : (tensor<?x?x4xf32>, tensor<4x3xf32>) -> tensor<?x?x3xf32>
    %1 = onnxir.MatMul(%x, %a) : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
    %2 = onnxir.MatMul(%1, %b) : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
    %3 = onnxir.Mul(%2, %s) : (tensor<?x?x3xf32>, tensor<f32>) -> tensor<?x?x3xf32>
    %4 = onnxir.Add(%0, %3) : (tensor<?x?x3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    return %4 : tensor<?x?x3xf32>
  }
}

// -----

// The layer's own result has another user.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: qeff.lora_merge
// REMARK: lora-not-raised{{.*}}the layer's own result is used elsewhere
module {
  qeff.file "private" @f "m.onnx" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@f) {offset = 0 : i64} : tensor<4x3xf32>
  qeff.weight "private" @a file(@f) {offset = 64 : i64} : tensor<4x2xf32>
  qeff.weight "private" @b file(@f) {offset = 128 : i64} : tensor<2x3xf32>
  func.func @main(%x: tensor<?x?x4xf32>) -> (tensor<?x?x3xf32>, tensor<?x?x3xf32>) {
    %w = qeff.weight_ref @w : tensor<4x3xf32>
    %a = qeff.weight_ref @a : tensor<4x2xf32>
    %b = qeff.weight_ref @b : tensor<2x3xf32>
    %0 = onnxir.MatMul(%x, %w) : (tensor<?x?x4xf32>, tensor<4x3xf32>) -> tensor<?x?x3xf32>
    %1 = onnxir.MatMul(%x, %a) : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
    %2 = onnxir.MatMul(%1, %b) : (tensor<?x?x2xf32>, tensor<2x3xf32>) -> tensor<?x?x3xf32>
    %3 = onnxir.Add(%0, %2) : (tensor<?x?x3xf32>, tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
    return %3, %0 : tensor<?x?x3xf32>, tensor<?x?x3xf32>
  }
}
