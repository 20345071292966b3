// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// state (C1)
// expected-error @below {{'qeff_host.state' op expects a static float tensor, [B, H, L, D] for the layout bhc_16dc, got 'tensor<2x60xf32>'}}
qeff_host.state @k : tensor<2x60xf32> layout bhc_16dc at(0)

// -----
// expected-error @below {{expects a static float tensor}}
qeff_host.state @k : tensor<1x2x?x8xf32> layout bhcd at(0)

// -----
// expected-error @below {{expects a static float tensor}}
qeff_host.state @k : tensor<4611686018427387904x4611686018427387904xf32> layout bhcd at(0)

// -----
// state (C2)
// expected-error @below {{'qeff_host.state' op expects an offset that is a multiple of 64 and not negative, got 32}}
qeff_host.state @k : tensor<1x2x60x8xf32> layout bhcd at(32)

// -----
// expected-error @below {{expects an end that fits 64 bits, got offset 9223372036854775744 and 3840 bytes}}
qeff_host.state @k : tensor<1x2x60x8xf32> layout bhcd at(9223372036854775744)

// -----
// weights (C1)
// expected-error @below {{'qeff_host.weights' op expects to be the module's only one}}
qeff_host.weights {
}
// expected-note @below {{another one here}}
qeff_host.weights {
}

// -----
// weights (C2)
qeff_host.weights {
  %0 = arith.constant dense<0.0> : tensor<32xf32>
  // expected-error @below {{'qeff_host.place' op expects no overlap with another placement}}
  qeff_host.place %0 at(64) : tensor<32xf32>
  // expected-note @below {{the other one here}}
  qeff_host.place %0 at(0) : tensor<32xf32>
}

// -----
// place (C1)
qeff_host.weights {
  %0 = arith.constant dense<0.0> : tensor<4xf32>
  // expected-error @below {{'qeff_host.place' op expects an offset that is a multiple of 64 and not negative, got -64}}
  qeff_host.place %0 at(-64) : tensor<4xf32>
}

// -----
// pack (C1)
func.func @pack(%w: tensor<40x8xf32>) {
  // expected-error @below {{'qeff_host.pack' op expects an input [N, K] and a result [ceil(N / W), K, W] of one element type, got 'tensor<40x8xf32>' and 'tensor<1x8x32xf32>'}}
  %0 = qeff_host.pack %w : tensor<40x8xf32> -> tensor<1x8x32xf32>
  return
}

// -----
// function (C1)
// expected-error @below {{'qeff_host.function' op expects segment sizes that are multiples of 64 and not negative, got 100}}
qeff_host.function @f arena(100) io(0) dims {} inputs [] outputs [] {
}

// -----
// function (C2)
// expected-error @below {{expects each input and output at a multiple of 64 inside the io segment of 64 bytes, got #qeff_host.io<"x", tensor<17xf32> at 0>}}
qeff_host.function @f arena(0) io(64) dims {} inputs [#qeff_host.io<"x", tensor<17xf32> at 0>] outputs [] {
}

// -----
// expected-error @below {{expects no overlap of inputs and outputs}}
qeff_host.function @f arena(0) io(128) dims {} inputs [#qeff_host.io<"x", tensor<17xf32> at 0>] outputs [#qeff_host.io<"y", tensor<4xf32> at 64>] {
}

// -----
// expected-error @below {{expects distinct names of inputs and outputs, got "x" twice}}
qeff_host.function @f arena(0) io(128) dims {} inputs [#qeff_host.io<"x", tensor<4xf32> at 0>] outputs [#qeff_host.io<"x", tensor<4xf32> at 64>] {
}

// -----
// expected-error @below {{expects a static tensor of byte-sized elements, got 'tensor<?xf32>'}}
qeff_host.function @f arena(0) io(128) dims {} inputs [#qeff_host.io<"x", tensor<?xf32> at 0>] outputs [] {
}

// -----
// function (C3)
// expected-error @below {{expects launches alone, got 'arith.constant'}}
qeff_host.function @f arena(0) io(0) dims {} inputs [] outputs [] {
  %0 = arith.constant 0 : i64
}

// -----
// function (C4)
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index)
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{'qeff_host.launch' op expects a kernel, got @k}}
  qeff_host.launch @k tiles(1) (arena + 0) bytes(0)
}

// -----
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{'qeff_host.launch' op expects 1 operands for @k, got 0}}
  qeff_host.launch @k tiles(1) () bytes(0)
}

// -----
func.func private @k(%x: memref<17xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{expects 'memref<17xf32>' inside the segment arena of 64 bytes, got offset 0}}
  qeff_host.launch @k tiles(1) (arena + 0) bytes(0)
}

// -----
// launch (C1)
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{expects an offset that is a multiple of 64 and not negative, got 8}}
  qeff_host.launch @k tiles(1) (arena + 8) bytes(0)
}

// -----
// launch (C2)
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{expects at least one tile and no negative bytes, got 0 tiles and 0 bytes}}
  qeff_host.launch @k tiles(0) (arena + 0) bytes(0)
}

// -----
// expected-error @below {{expects 'qeff_host.cpu' to be a string, got 3 : i64}}
module attributes {qeff_host.cpu = 3 : i64} {
}

// -----
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{expects a segment (arena, weights, state, io), got 'stack'}}
  qeff_host.launch @k tiles(1) (stack + 0) bytes(0)
}
