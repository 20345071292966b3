// RUN: not qeff-opt %s --convert-qeff-to-onnxir=dtype=bf16 2>&1 | FileCheck %s

// CHECK: expects dtype f32, f16 or auto, got 'bf16'
func.func @main() {
  return
}
