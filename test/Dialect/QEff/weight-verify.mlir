// RUN: qeff-opt %s --split-input-file --verify-diagnostics

qeff.file @f "b" {root = "model", size = 64 : i64}
// (C1): a dynamic axis.
// expected-error@+1 {{expects a static ranked tensor of byte-sized elements, got 'tensor<?xf32>'}}
qeff.weight @w file(@f) {offset = 0 : i64} : tensor<?xf32>

// -----

qeff.file @f "b" {root = "model", size = 64 : i64}
// (C1): elements of less than a byte.
// expected-error@+1 {{expects a static ranked tensor of byte-sized elements, got 'tensor<8xi4>'}}
qeff.weight @w file(@f) {offset = 0 : i64} : tensor<8xi4>

// -----

qeff.file @f "b" {root = "model", size = 64 : i64}
// (C1): no tensor.
// expected-error@+1 {{expects a static ranked tensor of byte-sized elements, got 'f32'}}
qeff.weight @w file(@f) {offset = 0 : i64} : f32

// -----

qeff.file @f "b" {root = "model", size = 64 : i64}
// (C2): a negative offset.
// expected-error@+1 {{expects offset >= 0 and a size that fits, got offset -4 and 'tensor<8xf32>'}}
qeff.weight @w file(@f) {offset = -4 : i64} : tensor<8xf32>

// -----

qeff.file @f "b" {root = "model", size = 64 : i64}
// (C2): a size that overflows.
// expected-error@+1 {{expects offset >= 0 and a size that fits}}
qeff.weight @w file(@f) {offset = 0 : i64} : tensor<4611686018427387904x4xf32>

// -----

// expected-note@+1 {{the file has 64 bytes}}
qeff.file @f "b" {root = "model", size = 64 : i64}
// (C2): beyond the end of the file.
// expected-error@+1 {{expects to end within its file, got end 68}}
qeff.weight @w file(@f) {offset = 36 : i64} : tensor<8xf32>

// -----

// (C3)
// expected-error@+1 {{expects a qeff.file, got @f}}
qeff.weight @w file(@f) {offset = 0 : i64} : tensor<8xf32>

// -----

qeff.file @f "b" {root = "model", size = 64 : i64}
// (C4)
// expected-error@+1 {{expects the last axis to be a multiple of 32, got 'tensor<2x48xf32>'}}
qeff.weight @w file(@f) {encoding = #qeff.block<q8_0>, offset = 0 : i64} : tensor<2x48xf32>
