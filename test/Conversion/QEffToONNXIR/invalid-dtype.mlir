// RUN: not qeff-opt %s --convert-qeff-to-onnxir=dtype=bf16 2>&1 | FileCheck %s

// CHECK: expects dtype f32 or f16, got 'bf16'
func.func @main() {
  return
}
