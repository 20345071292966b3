// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK: module attributes {qeff.architecture = "LlamaForCausalLM", qeff.eos_token_ids = array<i64: 2, 128001>, qeff.max_position = 8192 : i64, qeff.phase = #qeff.phase<stateful>, qeff.producer = "qeff 0.1", qeff.specializations = [#qeff.spec<"prefill", {batch_size = 1 : i64, ctx_len = 1024 : i64, seq_len = 32 : i64}>, #qeff.spec<"decode", {batch_size = 1 : i64, ctx_len = 1024 : i64, seq_len = 1 : i64}>]} {
module attributes {qeff.architecture = "LlamaForCausalLM", qeff.eos_token_ids = array<i64: 2, 128001>, qeff.max_position = 8192 : i64, qeff.phase = #qeff.phase<stateful>, qeff.producer = "qeff 0.1", qeff.specializations = [#qeff.spec<"prefill", {batch_size = 1 : i64, ctx_len = 1024 : i64, seq_len = 32 : i64}>, #qeff.spec<"decode", {batch_size = 1 : i64, ctx_len = 1024 : i64, seq_len = 1 : i64}>]} {
  qeff.dim @batch_size
  qeff.dim @ctx_len
  // CHECK: func.func @main(%{{.*}}: tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.name = "past_key.0", qeff.state = "past_key.0_RetainedState"}) -> (tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.name = "past_key.0_RetainedState"}) {
  func.func @main(%arg0: tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.name = "past_key.0", qeff.state = "past_key.0_RetainedState"}) -> (tensor<?x2x?x8xf32> {qeff.dims = [@batch_size, 2, @ctx_len, 8], qeff.name = "past_key.0_RetainedState"}) {
    return %arg0 : tensor<?x2x?x8xf32>
  }
  // CHECK: func.func private @fixed(tensor<1x4xi64> {qeff.dims = [@batch_size, 4]})
  func.func private @fixed(tensor<1x4xi64> {qeff.dims = [@batch_size, 4]})
  // The phases, in order.
  // CHECK: func.func private @phases() attributes {phases = [#qeff.phase<imported>, #qeff.phase<canonical>, #qeff.phase<adapted>, #qeff.phase<stateful>, #qeff.phase<tuned>, #qeff.phase<aic100>, #qeff.phase<specialized>, #qeff.phase<host>]}
  func.func private @phases() attributes {phases = [#qeff.phase<imported>, #qeff.phase<canonical>, #qeff.phase<adapted>, #qeff.phase<stateful>, #qeff.phase<tuned>, #qeff.phase<aic100>, #qeff.phase<specialized>, #qeff.phase<host>]}
}
