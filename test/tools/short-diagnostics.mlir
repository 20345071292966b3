// An error names its place and does not print the module.
// RUN: not qeff-opt %s --qeff-annotate-specializations=ctx-len=0 > %t.opt 2>&1
// RUN: FileCheck %s < %t.opt
// RUN: not qeff-translate %s --export-onnx > %t.onnx 2>&1
// RUN: FileCheck %s < %t.onnx
// RUN: mkdir -p %t.dir
// RUN: not qeff-translate %s --export-aic100 --package=%t.dir > %t.aic100 2>&1
// RUN: FileCheck %s < %t.aic100
// RUN: not qeff-translate %s --export-host --package=%t.dir > %t.host 2>&1
// RUN: FileCheck %s < %t.host
// RUN: not qeff-opt %s --mlir-print-op-on-diagnostic --qeff-annotate-specializations=ctx-len=0 2>&1 | FileCheck %s --check-prefix=ASKED

// CHECK: short-diagnostics.mlir:[[#]]:[[#]]: error: expects
// CHECK-NOT: see current operation
// CHECK-NOT: func.func @a_function
// ASKED: see current operation
module {
  func.func private @a_function()
}
