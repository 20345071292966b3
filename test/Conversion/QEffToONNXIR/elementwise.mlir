// RUN: qeff-opt %s --convert-qeff-to-onnxir --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @gates
func.func @gates(%x: tensor<?x8xf32> {qeff.name = "x"}) -> (tensor<?x8xf32> {qeff.name = "y"}) {
  // CHECK: %[[S:.+]] = onnxir.node "Sigmoid"(%[[X:.+]]) since 13 name("/mlp/Sigmoid")
  // CHECK: %[[A:.+]] = onnxir.node "Mul"(%[[X]], %[[S]]) since 14 name("/mlp/Mul")
  // CHECK: onnxir.node "Mul"(%[[A]], %[[X]]) since 14 name("/mlp/Mul_1")
  %0 = qeff.gate %x, %x scope("mlp") {kind = #qeff.activation<silu>} : tensor<?x8xf32>
  // CHECK: onnxir.node "Relu"
  %1 = qeff.activate %0 {kind = #qeff.activation<relu>} : tensor<?x8xf32>
  // CHECK: onnxir.node "Erf"
  %2 = qeff.activate %1 {kind = #qeff.activation<gelu>} : tensor<?x8xf32>
  // CHECK: onnxir.node "Tanh"
  %3 = qeff.activate %2 {kind = #qeff.activation<gelu_tanh>} : tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic(%x: tensor<?x8xf32> {qeff.name = "x"}) -> (tensor<?x8xf32> {qeff.name = "y"}) {
  // CHECK: %[[LOW:.+]] = onnxir.initializer "const.f32.-8" dense<-8.000000e+00> : tensor<f32>
  // CHECK: %[[HIGH:.+]] = onnxir.initializer "const.f32.8" dense<8.000000e+00> : tensor<f32>
  // CHECK: onnxir.node "Clip"(%{{.+}}, %[[LOW]], %[[HIGH]]) since 13
  %0 = qeff.clip %x {max = 8.0 : f64, min = -8.0 : f64} : tensor<?x8xf32>
  // CHECK: onnxir.node "Add"
  %1 = qeff.add %0, %x : tensor<?x8xf32>
  // CHECK: onnxir.node "Cast"(%{{.+}}) since 13 name("/Cast") attrs {to = 10 : i64}
  // CHECK: onnxir.node "Cast"(%{{.+}}) since 13 name("/Cast_1") attrs {to = 1 : i64}
  %2 = qeff.cast %1 : tensor<?x8xf32> -> tensor<?x8xf16>
  %3 = qeff.cast %2 : tensor<?x8xf16> -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @shapes
func.func @shapes(%x: tensor<?x?x24xf32> {qeff.name = "x"}) -> (tensor<?x?x24xf32> {qeff.name = "y"}) {
  // CHECK: %[[START:.+]] = onnxir.initializer "const.i64s.8" dense<8>
  // CHECK: %[[END:.+]] = onnxir.initializer "const.i64s.24" dense<24>
  // CHECK: %[[AXIS:.+]] = onnxir.initializer "const.i64s.2" dense<2>
  // CHECK: onnxir.node "Slice"(%{{.+}}, %[[START]], %[[END]], %[[AXIS]], %{{.+}}) since 13
  %0 = qeff.slice %x [0, 0, 8] : tensor<?x?x24xf32> -> tensor<?x?x16xf32>
  // CHECK: onnxir.node "Reshape"(%{{.+}}, %{{.+}}) since 14 {{.*}} -> tensor<?x?x2x8xf32>
  // CHECK: onnxir.node "Transpose"(%{{.+}}) since 13 {{.*}}{perm = array<i64: 0, 2, 1, 3>}
  %1 = qeff.split_heads %0 : tensor<?x?x16xf32> -> tensor<?x2x?x8xf32>
  // CHECK: onnxir.node "Transpose"
  // CHECK: onnxir.node "Reshape"(%{{.+}}, %{{.+}}) since 14 {{.*}} -> tensor<?x?x16xf32>
  %2 = qeff.merge_heads %1 : tensor<?x2x?x8xf32> -> tensor<?x?x16xf32>
  %3 = qeff.slice %2 [0, 0, 0] : tensor<?x?x16xf32> -> tensor<?x?x8xf32>
  // CHECK: onnxir.node "Concat"(%{{.+}}, %{{.+}}) since 13 {{.*}}{axis = 2 : i64}
  %4 = qeff.concat %2, %3 {axis = 2 : i64} : tensor<?x?x16xf32>, tensor<?x?x8xf32> -> tensor<?x?x24xf32>
  return %4 : tensor<?x?x24xf32>
}

// -----

// CHECK-LABEL: func.func @numbers
func.func @numbers(%x: tensor<?x8xf32> {qeff.name = "x"}) -> (tensor<?x8xf32> {qeff.name = "y"}) {
  // CHECK: %[[TWO:.+]] = onnxir.initializer "const.f32.2" dense<2.000000e+00> : tensor<f32>
  // CHECK: onnxir.node "Mul"(%arg0, %[[TWO]])
  %0 = qeff.scale %x {factor = 2.0 : f64} : tensor<?x8xf32>
  // CHECK: onnxir.node "Add"
  %1 = qeff.offset %0 {value = 1.0 : f64} : tensor<?x8xf32>
  // CHECK: onnxir.node "Div"
  // CHECK: onnxir.node "Tanh"
  // CHECK: onnxir.node "Mul"
  %2 = qeff.softcap %1 {cap = 30.0 : f64} : tensor<?x8xf32>
  // CHECK: onnxir.node "Tanh"
  %3 = qeff.activate %2 {kind = #qeff.activation<tanh>} : tensor<?x8xf32>
  // CHECK: onnxir.node "Sigmoid"
  %4 = qeff.activate %3 {kind = #qeff.activation<sigmoid>} : tensor<?x8xf32>
  // CHECK: %[[S:.+]] = onnxir.node "Mul"(%[[X:.+]], %{{.+}})
  // CHECK: %[[G:.+]] = onnxir.node "Sigmoid"(%[[S]])
  // CHECK: onnxir.node "Mul"(%[[X]], %[[G]])
  %5 = qeff.activate %4 {kind = #qeff.activation<quick_gelu>} : tensor<?x8xf32>
  return %5 : tensor<?x8xf32>
}

// -----

// On a weight they stay lazy.
qeff.file "private" @f "b" {root = "model", size = 16 : i64}
qeff.weight "private" @norm file(@f) {offset = 0 : i64} : tensor<8xbf16>
// CHECK-LABEL: func.func @lazy
func.func @lazy(%x: tensor<?x8xf32> {qeff.name = "x"}) -> (tensor<?x8xf32> {qeff.name = "y"}) {
  // CHECK: %[[W:.+]] = qeff.weight_ref @norm
  // CHECK: %[[WIDE:.+]] = qeff.cast %[[W]]
  // CHECK: %[[ONE:.+]] = qeff.offset %[[WIDE]]
  // CHECK: %[[HALF:.+]] = qeff.cast %[[ONE]] : tensor<8xf32> -> tensor<8xf16>
  // CHECK: onnxir.weight "norm" %[[HALF]]
  %0 = qeff.weight_ref @norm : tensor<8xbf16>
  %1 = qeff.cast %0 : tensor<8xbf16> -> tensor<8xf32>
  %2 = qeff.offset %1 {value = 1.0 : f64} : tensor<8xf32>
  %3 = qeff.rms_norm %x, %2 {eps = 1.0e-5 : f64} : tensor<?x8xf32>, tensor<8xf32>
  return %3 : tensor<?x8xf32>
}
