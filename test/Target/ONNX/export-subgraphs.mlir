// RUN: qeff-translate %s --export-onnx -o %t.onnx
// RUN: %python -c "import onnx; m = onnx.load(r'%t.onnx'); onnx.checker.check_model(m, full_check=True); print(onnx.printer.to_text(m))" | FileCheck %s

// A subgraph that passes made: its values get names, and what it takes from
// outside and returns as it is goes through an Identity. Names that were given
// are kept where they can be.
// CHECK: main (bool c, float[2] x) => (float[2] y)
// CHECK: t = Abs (x)
// CHECK: t_1 = Abs (t)
// CHECK: y = If (c) <else_branch: graph = else_branch () => (float[2] t_1_copy)
// CHECK: t_1_copy = Identity (t_1)
// CHECK: then_branch: graph = then_branch () => (float[2] Neg_output_0)
// CHECK: Neg_output_0 = Neg (t)
// CHECK: Same (x) => (y)
// CHECK: {{\[}}"/y/Identity"{{\]}} y = Identity (x)
module attributes {onnxir.ir_version = 9 : i64, onnxir.opset_imports = [#onnxir.opset<"", 18>, #onnxir.opset<"a", 1>]} {
  onnxir.function @"a::Same" inputs ["x"] outputs ["y"] attributes [] opsets [#onnxir.opset<"", 17>] {
  ^bb0(%x: !onnxir.any):
    onnxir.return %x : !onnxir.any
  }
  func.func @main(%c: tensor<i1> {qeff.name = "c"}, %x: tensor<2xf32> {qeff.name = "x"}) -> (tensor<2xf32> {qeff.name = "y"}) {
    %t = onnxir.node "Abs"(%x) outputs ["t"] : (tensor<2xf32>) -> tensor<2xf32>
    %u = onnxir.node "Abs"(%t) outputs ["t"] : (tensor<2xf32>) -> tensor<2xf32>
    %y = onnxir.node "If"(%c) subgraphs ["then_branch", "else_branch"] {
      %z = onnxir.node "Neg"(%t) : (tensor<2xf32>) -> tensor<2xf32>
      onnxir.return %z : tensor<2xf32>
    }, {
      onnxir.return %u : tensor<2xf32>
    } : (tensor<i1>) -> tensor<2xf32>
    return %y : tensor<2xf32>
  }
}
