// RUN: qeff-opt %s --convert-qeff-to-onnxir --split-input-file | FileCheck %s

// A window and a soft cap: two masks, one for each kind of layer.
// CHECK-LABEL: func.func @window
func.func @window(%x: tensor<?x2x?x8xf32> {qeff.name = "x"}, %pos: tensor<?x?xi64> {qeff.name = "pos"})
    -> (tensor<?x2x?x8xf32> {qeff.name = "y"}) {
  // CHECK: %[[ALL:.+]] = onnxir.node "Or"
  // CHECK: %[[THREE:.+]] = onnxir.initializer "const.i64.3" dense<3>
  // CHECK: %[[FIRST:.+]] = onnxir.node "Sub"(%{{.+}}, %[[THREE]]) since 14 name("/attention_mask/Sub")
  // CHECK: %[[BEFORE:.+]] = onnxir.node "Less"(%{{.+}}, %[[FIRST]])
  // CHECK: %[[NEAR:.+]] = onnxir.node "Or"(%[[ALL]], %[[BEFORE]])
  // CHECK: %[[CAP:.+]] = onnxir.initializer "const.f32.50" dense<5.000000e+01>
  // CHECK: %[[D:.+]] = onnxir.node "Div"(%{{.+}}, %[[CAP]])
  // CHECK: %[[T:.+]] = onnxir.node "Tanh"(%[[D]])
  // CHECK: %[[S:.+]] = onnxir.node "Mul"(%[[T]], %[[CAP]])
  // CHECK: onnxir.node "Where"(%[[NEAR]], %{{.+}}, %[[S]])
  %0 = qeff.attention %x, %x, %x, %pos, %pos {causal, scale = 0.5 : f64, softcap = 50.0 : f64, window = 4 : i64}
      : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x2x?x8xf32>
  // CHECK: onnxir.node "Where"(%[[ALL]], %{{.+}}, %{{.+}})
  %1 = qeff.attention %0, %x, %x, %pos, %pos {causal, scale = 0.5 : f64}
      : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x2x?x8xf32>
  return %1 : tensor<?x2x?x8xf32>
}

// -----

// Sinks and a bias, not causal.
// CHECK-LABEL: func.func @sinks
func.func @sinks(%x: tensor<?x2x?x8xf32> {qeff.name = "x"}, %pos: tensor<?x?xi64> {qeff.name = "pos"},
                 %bias: tensor<1x2x?x?xf32> {qeff.name = "bias"}) -> (tensor<?x2x?x8xf32> {qeff.name = "y"}) {
  // CHECK-NOT: "Greater"
  // CHECK: onnxir.node "Add"(%{{.+}}, %arg2)
  // CHECK: %[[S:.+]] = onnxir.node "Where"
  // CHECK: %[[W:.+]] = onnxir.weight "attn.sinks"
  // CHECK: %[[SINK:.+]] = onnxir.node "Unsqueeze"(%[[W]], {{.*}} -> tensor<2x1x1xf32>
  // CHECK: %[[ROW:.+]] = onnxir.node "ReduceMax"(%[[S]])
  // CHECK: %[[M:.+]] = onnxir.node "Max"(%[[ROW]], %[[SINK]]) {{.*}} -> tensor<?x2x?x1xf32>
  // CHECK: %[[D:.+]] = onnxir.node "Sub"(%[[S]], %[[M]])
  // CHECK: %[[E:.+]] = onnxir.node "Exp"(%[[D]])
  // CHECK: %[[SUM:.+]] = onnxir.node "ReduceSum"(%[[E]], %{{.+}})
  // CHECK: onnxir.node "Sub"(%[[SINK]], %[[M]])
  // CHECK: %[[TOTAL:.+]] = onnxir.node "Add"(%[[SUM]], %{{.+}})
  // CHECK: onnxir.node "Div"(%[[E]], %[[TOTAL]])
  %sinks = arith.constant dense<[0.25, 0.0625]> : tensor<2xf32>
  %0 = qeff.attention %x, %x, %x, %pos, %pos sinks(%sinks) bias(%bias) scope("attn") {scale = 0.5 : f64}
      : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x?xi64>, tensor<?x?xi64>, tensor<2xf32>, tensor<1x2x?x?xf32>) -> tensor<?x2x?x8xf32>
  return %0 : tensor<?x2x?x8xf32>
}
