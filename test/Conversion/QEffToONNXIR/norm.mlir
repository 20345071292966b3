// RUN: qeff-opt %s --convert-qeff-to-onnxir | FileCheck %s
// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f16 | FileCheck %s --check-prefix=F16

// CHECK: #onnxir.opset<"", 17>, #onnxir.opset<"com.qti.aisw.onnx", 1>]
module {
  qeff.file "private" @file "w.bin" {root = "model", size = 4096 : i64}
  qeff.weight "private" @w file(@file) {offset = 0 : i64} : tensor<16xf32>

  // CHECK-LABEL: func.func @main
  // F16-LABEL: func.func @main
  func.func @main(%x: tensor<?x?x16xf32> {qeff.name = "x"}) -> (tensor<?x?x16xf32> {qeff.name = "y"}) {
    %w = qeff.weight_ref @w : tensor<16xf32>
    // CHECK: onnxir.node "com.qti.aisw.onnx::CustomRMSNorm"(%{{.+}}, %{{.+}}) since 1 name("/layers.0/norm/CustomRMSNorm") attrs {epsilon = 9.99999974E-6 : f32}
    // The body is f32, the weight keeps the graph's type.
    // F16: onnxir.weight "w" %{{.+}} : tensor<16xf16>
    // F16: onnxir.node "com.qti.aisw.onnx::CustomRMSNorm"({{.*}}) -> tensor<?x?x16xf32>
    // F16: onnxir.node "Cast"({{.*}}) -> tensor<?x?x16xf16>
    %0 = qeff.rms_norm %x, %w scope("layers.0.norm") {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>, tensor<16xf32>
    // A weight of two modules has two names.
    // CHECK: %[[W:.+]] = onnxir.weight "ln.weight"
    // CHECK: %[[B:.+]] = onnxir.weight "ln.bias"
    // CHECK: onnxir.node "LayerNormalization"(%{{.+}}, %[[W]], %[[B]]) since 17 name("/ln/LayerNormalization") attrs {axis = -1 : i64, epsilon = 9.99999974E-6 : f32}
    %1 = qeff.layer_norm %0 weight(%w : tensor<16xf32>) bias(%w : tensor<16xf32>) scope("ln") {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>
    // Scale is no optional operand of the operator.
    // CHECK: %[[ONES:.+]] = onnxir.initializer "const.ones.f32.16" dense<1.000000e+00> : tensor<16xf32>
    // CHECK: onnxir.node "LayerNormalization"(%{{.+}}, %[[ONES]]) since 17
    %2 = qeff.layer_norm %1 {eps = 1.0e-5 : f64} : tensor<?x?x16xf32>
    return %2 : tensor<?x?x16xf32>
  }
  // CHECK: onnxir.function @"com.qti.aisw.onnx::CustomRMSNorm" inputs ["hidden_states", "weight"] outputs ["output"] attributes ["epsilon"]
}
