// RUN: qeff-translate %s --export-onnx -o %t.onnx
// RUN: %python -c "import onnx; m = onnx.load(r'%t.onnx'); onnx.checker.check_model(m, full_check=True); print(onnx.printer.to_text(m))" | FileCheck %s

// Results take their names; what is no node's result gets an Identity, and so
// does a value that is returned twice. Left-out operands stay left out.
// CHECK: ir_version: 9
// CHECK: opset_import: ["" : 18, "com.example" : 2]
// CHECK: main (float[batch,4] x) => (float[batch,4] y, float[batch,4] y2, float[batch,4] x2, float[2] c)
// CHECK: {{\[}}"/a/Clip"{{\]}} y = Clip (x, "", limit)
// CHECK: {{\[}}"/y2/Identity"{{\]}} y2 = Identity (y)
// CHECK: {{\[}}"/x2/Identity"{{\]}} x2 = Identity (x)
// CHECK: {{\[}}"/c/Identity"{{\]}} c = Identity (values)
module attributes {onnxir.ir_version = 9 : i64, onnxir.opset_imports = [#onnxir.opset<"", 18>, #onnxir.opset<"com.example", 2>]} {
  qeff.dim @batch
  func.func @main(%x: tensor<?x4xf32> {qeff.name = "x", qeff.dims = [@batch, 4]})
      -> (tensor<?x4xf32> {qeff.name = "y", qeff.dims = [@batch, 4]},
          tensor<?x4xf32> {qeff.name = "y2", qeff.dims = [@batch, 4]},
          tensor<?x4xf32> {qeff.name = "x2", qeff.dims = [@batch, 4]},
          tensor<2xf32> {qeff.name = "c"}) {
    %none = onnxir.none
    %limit = onnxir.initializer "limit" dense<2.0> : tensor<f32>
    %values = onnxir.initializer "values" dense<1.0> : tensor<2xf32>
    %y = onnxir.node "Clip"(%x, %none, %limit) since 13 name("/a/Clip") : (tensor<?x4xf32>, none, tensor<f32>) -> tensor<?x4xf32>
    return %y, %y, %x, %values : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<2xf32>
  }
}
