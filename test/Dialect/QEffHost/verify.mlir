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
  // expected-error @below {{expects a segment (arena, weights, state, io, adapter), got 'stack'}}
  qeff_host.launch @k tiles(1) (stack + 0) bytes(0)
}

// -----
// adapter_block (C1)
// expected-error @below {{'qeff_host.adapter_block' op expects to be the module's only one}}
qeff_host.adapter_block rank(8) {
}
// expected-note @below {{another one here}}
qeff_host.adapter_block rank(8) {
}

// -----
// expected-error @below {{expects a rank in [1, 65536], got 0}}
qeff_host.adapter_block rank(0) {
}

// -----
// adapter_block (C2)
// expected-error @below {{'qeff_host.adapter_block' op expects targets alone, got 'arith.constant'}}
qeff_host.adapter_block rank(8) {
  %0 = arith.constant 0 : i64
}

// -----
qeff_host.adapter_block rank(8) {
  qeff_host.adapter_target "m" in(2) out(2) header(0) a(128) parts [#qeff_host.adapter_part<row 0 size 2 at 192>]
  // expected-error @below {{expects one target for each module, got "m" twice}}
  qeff_host.adapter_target "m" in(2) out(2) header(64) a(1216) parts [#qeff_host.adapter_part<row 0 size 2 at 1280>]
}

// -----
// adapter_block (C3)
qeff_host.adapter_block rank(9) {
  // expected-note @below {{the other one here}}
  qeff_host.adapter_target "m" in(2) out(2) header(0) a(128) parts [#qeff_host.adapter_part<row 0 size 2 at 256>]
  // expected-error @below {{'qeff_host.adapter_target' op expects no overlap in the adapter segment, got one at 1280}}
  qeff_host.adapter_target "n" in(2) out(2) header(64) a(1280) parts [#qeff_host.adapter_part<row 0 size 2 at 4096>]
}

// -----
qeff_host.adapter_block rank(65536) {
  // expected-error @below {{expects an end that fits 64 bits}}
  qeff_host.adapter_target "m" in(4294967296) out(2) header(0) a(9223372036854775744) parts [#qeff_host.adapter_part<row 0 size 2 at 64>]
}

// -----
// adapter_target (C1)
qeff_host.adapter_block rank(8) {
  // expected-error @below {{'qeff_host.adapter_target' op expects sizes in [1, 4294967296], got in 0 and out 2}}
  qeff_host.adapter_target "m" in(0) out(2) header(0) a(64) parts [#qeff_host.adapter_part<row 0 size 2 at 128>]
}

// -----
// adapter_target (C2)
qeff_host.adapter_block rank(8) {
  // expected-error @below {{expects at least one part}}
  qeff_host.adapter_target "m" in(2) out(2) header(0) a(64) parts []
}

// -----
qeff_host.adapter_block rank(8) {
  // expected-error @below {{expects parts that share no row, inside [0, 8), got #qeff_host.adapter_part<row 3 size 4 at 2048>}}
  qeff_host.adapter_target "m" in(2) out(8) header(0) a(64) parts [#qeff_host.adapter_part<row 0 size 4 at 128>, #qeff_host.adapter_part<row 3 size 4 at 2048>]
}

// -----
qeff_host.adapter_block rank(8) {
  // expected-error @below {{got #qeff_host.adapter_part<row 4 size 5 at 128>}}
  qeff_host.adapter_target "m" in(2) out(8) header(0) a(64) parts [#qeff_host.adapter_part<row 4 size 5 at 128>]
}

// -----
// adapter_target (C3)
qeff_host.adapter_block rank(8) {
  // expected-error @below {{expects an offset that is a multiple of 64 and not negative, got 32}}
  qeff_host.adapter_target "m" in(2) out(2) header(32) a(128) parts [#qeff_host.adapter_part<row 0 size 2 at 256>]
}

// -----
// function (C4)
qeff_host.adapter_block rank(8) {
  qeff_host.adapter_target "m" in(2) out(2) header(0) a(64) parts [#qeff_host.adapter_part<row 0 size 2 at 128>]
}
func.func private @k(%a: memref<8x3xf32>, %begin: index, %end: index) attributes {qeff_host.kernel} {
  return
}
qeff_host.function @decode arena(64) io(0) dims {} inputs [] outputs [] {
  qeff_host.launch @k tiles(1) (adapter + 1024) bytes(0)
  // expected-error @below {{expects 'memref<8x3xf32>' inside the segment adapter of 1152 bytes, got offset 1088}}
  qeff_host.launch @k tiles(1) (adapter + 1088) bytes(0)
}

// -----
// state (C1): not of floats.
// expected-error @below {{expects a static float tensor, [B, H, L, D] for the layout bhc_16dc, got 'tensor<1x2x60x8xi8>'}}
qeff_host.state @k : tensor<1x2x60x8xi8> layout bhcd at(0)

// -----
// state (C1): no tensor.
// expected-error @below {{expects a static float tensor, [B, H, L, D] for the layout bhc_16dc, got 'f32'}}
qeff_host.state @k : f32 layout bhcd at(0)

// -----
// state (C1): a dynamic number of slots in blocks.
// expected-error @below {{expects a static float tensor, [B, H, L, D] for the layout bhc_16dc, got 'tensor<1x2x?x8xf32>'}}
qeff_host.state @k : tensor<1x2x?x8xf32> layout bhc_16dc at(0)

// -----
// state (C2): a negative offset.
// expected-error @below {{expects an offset that is a multiple of 64 and not negative, got -64}}
qeff_host.state @k : tensor<1x2x60x8xf32> layout bhcd at(-64)

// -----
// place (C1): no multiple.
qeff_host.weights {
  %0 = arith.constant dense<0.0> : tensor<4xf32>
  // expected-error @below {{'qeff_host.place' op expects an offset that is a multiple of 64 and not negative, got 32}}
  qeff_host.place %0 at(32) : tensor<4xf32>
}

// -----
// place: elements of less than a byte.
qeff_host.weights {
  %0 = arith.constant dense<0> : tensor<4xi4>
  // expected-error @below {{expects a static tensor of byte-sized elements, got 'tensor<4xi4>'}}
  qeff_host.place %0 at(0) : tensor<4xi4>
}

// -----
// place: the parent.
func.func @f(%w: tensor<4xf32>) {
  // expected-error @below {{expects parent op 'qeff_host.weights'}}
  qeff_host.place %w at(0) : tensor<4xf32>
  return
}

// -----
// pack (C1): the input's rank.
func.func @pack(%w: tensor<320xf32>) {
  // expected-error @below {{expects an input [N, K] and a result [ceil(N / W), K, W] of one element type, got 'tensor<320xf32>' and 'tensor<2x8x32xf32>'}}
  %0 = qeff_host.pack %w : tensor<320xf32> -> tensor<2x8x32xf32>
  return
}

// -----
// pack (C1): the result's rank.
func.func @pack(%w: tensor<40x8xf32>) {
  // expected-error @below {{expects an input [N, K] and a result [ceil(N / W), K, W] of one element type, got 'tensor<40x8xf32>' and 'tensor<16x32xf32>'}}
  %0 = qeff_host.pack %w : tensor<40x8xf32> -> tensor<16x32xf32>
  return
}

// -----
// pack (C1): K.
func.func @pack(%w: tensor<40x8xf32>) {
  // expected-error @below {{expects an input [N, K] and a result [ceil(N / W), K, W] of one element type, got 'tensor<40x8xf32>' and 'tensor<2x4x32xf32>'}}
  %0 = qeff_host.pack %w : tensor<40x8xf32> -> tensor<2x4x32xf32>
  return
}

// -----
// pack (C1): no lanes.
func.func @pack(%w: tensor<40x8xf32>) {
  // expected-error @below {{expects an input [N, K] and a result [ceil(N / W), K, W] of one element type, got 'tensor<40x8xf32>' and 'tensor<2x8x0xf32>'}}
  %0 = qeff_host.pack %w : tensor<40x8xf32> -> tensor<2x8x0xf32>
  return
}

// -----
// pack (C1): the element type.
func.func @pack(%w: tensor<40x8xf32>) {
  // expected-error @below {{expects an input [N, K] and a result [ceil(N / W), K, W] of one element type, got 'tensor<40x8xf32>' and 'tensor<2x8x32xf16>'}}
  %0 = qeff_host.pack %w : tensor<40x8xf32> -> tensor<2x8x32xf16>
  return
}

// -----
// pack (C1): elements of less than a byte.
func.func @pack(%w: tensor<40x8xi4>) {
  // expected-error @below {{expects elements of 1, 2, 4 or 8 bytes, got 'i4'}}
  %0 = qeff_host.pack %w : tensor<40x8xi4> -> tensor<2x8x32xi4>
  return
}

// -----
// function (C1): the io segment.
// expected-error @below {{'qeff_host.function' op expects segment sizes that are multiples of 64 and not negative, got -64}}
qeff_host.function @f arena(0) io(-64) dims {} inputs [] outputs [] {
}

// -----
// function (C2): an offset that is no multiple.
// expected-error @below {{expects each input and output at a multiple of 64 inside the io segment of 128 bytes, got #qeff_host.io<"x", tensor<4xf32> at 32>}}
qeff_host.function @f arena(0) io(128) dims {} inputs [#qeff_host.io<"x", tensor<4xf32> at 32>] outputs [] {
}

// -----
// function (C2): an output outside.
// expected-error @below {{expects each input and output at a multiple of 64 inside the io segment of 64 bytes, got #qeff_host.io<"y", tensor<4xf32> at 128>}}
qeff_host.function @f arena(0) io(64) dims {} inputs [] outputs [#qeff_host.io<"y", tensor<4xf32> at 128>] {
}

// -----
// function (C2): no name.
// expected-error @below {{expects the name of an input or output, got an empty one}}
qeff_host.function @f arena(0) io(64) dims {} inputs [#qeff_host.io<"", tensor<4xf32> at 0>] outputs [] {
}

// -----
// function (C4): no symbol.
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{'qeff_host.launch' op expects a kernel, got @k}}
  qeff_host.launch @k tiles(1) () bytes(0)
}

// -----
// function (C4): another symbol.
qeff_host.state @k : tensor<1x2x60x8xf32> layout bhcd at(0)
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{'qeff_host.launch' op expects a kernel, got @k}}
  qeff_host.launch @k tiles(1) () bytes(0)
}

// -----
// function (C4): a dynamic memref.
func.func private @k(%x: memref<?xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{expects 'memref<?xf32>' inside the segment arena of 64 bytes, got offset 0}}
  qeff_host.launch @k tiles(1) (arena + 0) bytes(0)
}

// -----
// function (C4): a segment that the module does not have.
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{expects 'memref<8xf32>' inside the segment weights of 0 bytes, got offset 0}}
  qeff_host.launch @k tiles(1) (weights + 0) bytes(0)
}

// -----
// launch (C1): a negative offset.
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{expects an offset that is a multiple of 64 and not negative, got -64}}
  qeff_host.launch @k tiles(1) (arena + -64) bytes(0)
}

// -----
// launch (C2): negative bytes.
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index) attributes {qeff_host.kernel}
qeff_host.function @f arena(64) io(0) dims {} inputs [] outputs [] {
  // expected-error @below {{expects at least one tile and no negative bytes, got 1 tiles and -1 bytes}}
  qeff_host.launch @k tiles(1) (arena + 0) bytes(-1)
}

// -----
// expected-error @below {{expects 'qeff_host.kernel' to be a unit attribute of a func.func}}
func.func private @k(%begin: index, %end: index) attributes {qeff_host.kernel = 1 : i64}

// -----
// expected-error @below {{expects 'qeff_host.kernel' to be a unit attribute of a func.func}}
module attributes {qeff_host.kernel} {
}
