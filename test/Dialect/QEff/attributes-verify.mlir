// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// qeff.phase
// expected-error@+1 {{expects 'qeff.phase' to be a #qeff.phase, got "host"}}
module attributes {qeff.phase = "host"} {}

// -----

// qeff.max_position: not positive.
// expected-error@+1 {{expects 'qeff.max_position' to be a positive i64, got 0 : i64}}
module attributes {qeff.max_position = 0 : i64} {}

// -----

// qeff.max_position: unsigned.
// expected-error@+1 {{expects 'qeff.max_position' to be a positive i64, got 8 : ui64}}
module attributes {qeff.max_position = 8 : ui64} {}

// -----

// qeff.max_position: wider than 64 bits.
// expected-error@+1 {{expects 'qeff.max_position' to be a positive i64, got 36893488147419103232 : i128}}
module attributes {qeff.max_position = 36893488147419103232 : i128} {}

// -----

// qeff.max_position: no number.
// expected-error@+1 {{expects 'qeff.max_position' to be a positive i64, got "8"}}
module attributes {qeff.max_position = "8"} {}

// -----

// qeff.specializations: no array.
// expected-error@+1 {{expects 'qeff.specializations' to be an array of #qeff.spec}}
module attributes {qeff.specializations = #qeff.spec<"decode", {seq_len = 1 : i64}>} {}

// -----

// qeff.specializations: an entry.
// expected-error@+1 {{expects 'qeff.specializations' to be an array of #qeff.spec, got ["decode"]}}
module attributes {qeff.specializations = ["decode"]} {}

// -----

// qeff.spec: no name.
// expected-error@+1 {{expects a specialization's name, got an empty one}}
module attributes {qeff.specializations = [#qeff.spec<"", {seq_len = 1 : i64}>]} {}

// -----

// qeff.spec: not positive.
// expected-error@+1 {{expects a positive i64 for dim 'seq_len', got 0 : i64}}
module attributes {qeff.specializations = [#qeff.spec<"decode", {seq_len = 0 : i64}>]} {}

// -----

// qeff.spec: another type.
// expected-error@+1 {{expects a positive i64 for dim 'seq_len', got 1 : i32}}
module attributes {qeff.specializations = [#qeff.spec<"decode", {seq_len = 1 : i32}>]} {}

// -----

// qeff.spec: no number.
// expected-error@+1 {{expects a positive i64 for dim 'seq_len', got "1"}}
module attributes {qeff.specializations = [#qeff.spec<"decode", {seq_len = "1"}>]} {}

// -----

// qeff.producer
// expected-error@+1 {{expects 'qeff.producer' to be a string, got 1 : i64}}
module attributes {qeff.producer = 1 : i64} {}

// -----

// qeff.architecture
// expected-error@+1 {{expects 'qeff.architecture' to be a string, got ["LlamaForCausalLM"]}}
module attributes {qeff.architecture = ["LlamaForCausalLM"]} {}

// -----

// qeff.eos_token_ids
// expected-error@+1 {{expects 'qeff.eos_token_ids' to be an array<i64>, got [2, 3]}}
module attributes {qeff.eos_token_ids = [2, 3]} {}

// -----

// qeff.eos_token_ids: another element type.
// expected-error@+1 {{expects 'qeff.eos_token_ids' to be an array<i64>, got array<i32: 2>}}
module attributes {qeff.eos_token_ids = array<i32: 2>} {}

// -----

qeff.dim @seq_len
// qeff.dims: no array.
// expected-error@+1 {{expects 'qeff.dims' to have an entry per axis of 'tensor<1x?xi64>', got @seq_len}}
func.func private @f(tensor<1x?xi64> {qeff.dims = @seq_len})

// -----

qeff.dim @seq_len
// qeff.dims: an entry too few.
// expected-error@+1 {{expects 'qeff.dims' to have an entry per axis of 'tensor<1x?xi64>', got [1]}}
func.func private @f(tensor<1x?xi64> {qeff.dims = [1]})

// -----

qeff.dim @seq_len
// qeff.dims: no tensor.
// expected-error@+1 {{expects 'qeff.dims' to have an entry per axis of 'i64', got [1]}}
func.func private @f(i64 {qeff.dims = [1]})

// -----

// qeff.dims: no symbol.
// expected-error@+1 {{expects 'qeff.dims' to name a qeff.dim, got @seq_len}}
func.func private @f(tensor<1x?xi64> {qeff.dims = [1, @seq_len]})

// -----

qeff.dim @seq_len
// qeff.dims: another symbol.
// expected-error@+1 {{expects 'qeff.dims' to name a qeff.dim, got @f}}
func.func private @f(tensor<1x?xi64> {qeff.dims = [1, @f]})

// -----

qeff.dim @seq_len
// qeff.dims: another size.
// expected-error@+1 {{expects 'qeff.dims' to agree with 'tensor<1x?xi64>', got 2 : i64 for size 1}}
func.func private @f(tensor<1x?xi64> {qeff.dims = [2, @seq_len]})

// -----

qeff.dim @seq_len
// qeff.dims: a constant for a dynamic size.
// expected-error@+1 {{expects 'qeff.dims' to agree with 'tensor<1x?xi64>', got -9223372036854775808 : i64 for a dynamic size}}
func.func private @f(tensor<1x?xi64> {qeff.dims = [1, -9223372036854775808]})

// -----

qeff.dim @seq_len
// qeff.dims: an entry of another type.
// expected-error@+1 {{expects 'qeff.dims' to agree with 'tensor<1x?xi64>', got 1 : ui64 for size 1}}
func.func private @f(tensor<1x?xi64> {qeff.dims = [1 : ui64, @seq_len]})

// -----

qeff.dim @seq_len
// qeff.dims: of a result.
// expected-error@+1 {{expects 'qeff.dims' to agree with 'tensor<1x?xi64>', got 2 : i64 for size 1}}
func.func private @f() -> (tensor<1x?xi64> {qeff.dims = [2, @seq_len]})

// -----

// qeff.name: empty.
// expected-error@+1 {{expects 'qeff.name' to be a name, got ""}}
func.func private @f(tensor<1x?xi64> {qeff.name = ""})

// -----

// qeff.name: no string.
// expected-error@+1 {{expects 'qeff.name' to be a name, got 1 : i64}}
func.func private @f(tensor<1x?xi64> {qeff.name = 1 : i64})

// -----

// qeff.name: of a result.
// expected-error@+1 {{expects 'qeff.name' to be a name, got ""}}
func.func private @f() -> (tensor<1x?xi64> {qeff.name = ""})

// -----

// qeff.state
// expected-error@+1 {{expects 'qeff.state' to be a name, got ""}}
func.func private @f(tensor<1x?xi64> {qeff.state = ""})
