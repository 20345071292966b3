// RUN: qeff-opt %s --convert-qeff-to-onnxir | FileCheck %s
// RUN: qeff-opt %s --convert-qeff-to-onnxir=dtype=f16 | FileCheck %s --check-prefix=F16

// CHECK: #onnxir.opset<"com.qualcomm.cloud", 1>
module attributes {qeff.phase = #qeff.phase<stateful>} {
  qeff.dim @batch_size
  qeff.dim @seq_len
  qeff.dim @ctx_len

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[POS:[a-z0-9]+]]: tensor<?x?xi64> {{{.*}}}, %[[PK:[a-z0-9]+]]: tensor<?x2x?x8xf32> {{{.*}}}, %[[PV:[a-z0-9]+]]: tensor<?x2x?x8xf32>
  // F16-LABEL: func.func @main
  // F16-SAME: tensor<?x2x?x8xf16> {{.*}}qeff.name = "past_key.0"
  // F16-SAME: -> (tensor<?x2x?x8xf32> {{.*}}"y"}, tensor<?x2x?x8xf16> {{.*}}, tensor<?x2x?x8xf16>
  func.func @main(
      %x: tensor<?x2x?x8xf32> {qeff.name = "x", qeff.dims = [@batch_size, 2, @seq_len, 8]},
      %pos: tensor<?x?xi64> {qeff.name = "position_ids", qeff.dims = [@batch_size, @seq_len]},
      %pk: tensor<?x2x?x8xf32> {qeff.name = "past_key.0", qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.state = "past_key.0_RetainedState"},
      %pv: tensor<?x2x?x8xf32> {qeff.name = "past_value.0", qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.state = "past_value.0_RetainedState"})
      -> (tensor<?x2x?x8xf32> {qeff.name = "y"}, tensor<?x2x?x8xf32> {qeff.name = "past_key.0_RetainedState"},
          tensor<?x2x?x8xf32> {qeff.name = "past_value.0_RetainedState"}) {
    // CHECK: %[[K:.+]] = onnxir.node "com.qualcomm.cloud::CtxScatter"(%[[PK]], %[[POS]], %{{.+}}) since 1 name("/layers.0/self_attn/CtxScatter")
    %k = qeff.cache_write %pk[%pos], %x scope("layers.0.self_attn") : tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x2x?x8xf32>
    // CHECK: %[[V:.+]] = onnxir.node "com.qualcomm.cloud::CtxScatter"(%[[PV]], %[[POS]], %{{.+}})
    %v = qeff.cache_write %pv[%pos], %x scope("layers.0.self_attn") : tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x2x?x8xf32>
    %kp = qeff.cache_positions %pos {slots = @ctx_len} : tensor<?x?xi64> -> tensor<?x?xi64>
    // CHECK: onnxir.node "Shape"(%[[PK]])
    // CHECK: %[[LEN:.+]] = onnxir.node "Gather"({{.*}} -> tensor<i64>
    // CHECK: %[[SLOTS:.+]] = onnxir.node "Range"(%{{.+}}, %[[LEN]], %{{.+}})
    // CHECK: %[[LAST:.+]] = onnxir.node "ReduceMax"(%[[POS]]) since 13 {{.*}}{axes = array<i64: 1>, keepdims = 1 : i64}
    // CHECK: %[[INVALID:.+]] = onnxir.node "Greater"(%[[SLOTS]], %[[LAST]])
    // CHECK: %[[NOWHERE:.+]] = onnxir.initializer "qeff.invalid_slot" dense<2147483647> : tensor<i64>
    // CHECK: %[[INDEX:.+]] = onnxir.node "Where"(%[[INVALID]], %[[NOWHERE]], %[[SLOTS]])
    // CHECK: %[[INDICES:.+]] = onnxir.node "Unsqueeze"(%[[INDEX]], %{{.+}}) {{.*}} -> tensor<?x1x?xi64>
    // CHECK: %[[KC:.+]] = onnxir.node "com.qualcomm.cloud::CtxGather"(%[[K]], %[[INDICES]], %[[LEN]])
    %kc = qeff.cache_read %k[%kp] scope("layers.0.self_attn") : tensor<?x2x?x8xf32>, tensor<?x?xi64>
    // Keys are hidden by the mask, values must be zero.
    // CHECK: %[[VC:.+]] = onnxir.node "com.qualcomm.cloud::CtxGather"(%[[V]], %[[INDICES]], %[[LEN]])
    // CHECK: %[[VZ:.+]] = onnxir.node "Where"(%{{.+}}, %{{.+}}, %[[VC]])
    %vc = qeff.cache_read %v[%kp] scope("layers.0.self_attn") : tensor<?x2x?x8xf32>, tensor<?x?xi64>
    // CHECK: onnxir.node "Greater"({{.*}}name("/attention_mask/Greater")
    // CHECK: onnxir.node "Transpose"(%[[KC]])
    // CHECK: onnxir.node "MatMul"(%{{.+}}, %[[VZ]])
    // F16: onnxir.node "MatMul"({{.*}} -> tensor<?x2x?x?xf16>
    // F16: onnxir.node "Cast"({{.*}} -> tensor<?x2x?x?xf32>
    // F16: onnxir.node "Softmax"({{.*}} -> tensor<?x2x?x?xf32>
    // F16: onnxir.node "Cast"({{.*}} -> tensor<?x2x?x?xf16>
    %a = qeff.attention %x, %kc, %vc, %pos, %kp scope("layers.0.self_attn") {causal, scale = 0.5 : f64}
        : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x2x?x8xf32>
    // CHECK: return %{{.+}}, %[[K]], %[[V]]
    return %a, %k, %v : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>
  }
  // CHECK: onnxir.function @"com.qualcomm.cloud::CtxScatter"
  // CHECK: onnxir.function @"com.qualcomm.cloud::CtxGather"
}
