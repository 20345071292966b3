// RUN: qeff-opt %s | qeff-opt | FileCheck %s
// RUN: qeff-opt --emit-bytecode %s | qeff-opt | FileCheck %s

// CHECK: func.func private @linear() attributes {test = #qeff.rope_scaling<linear, {factor = 4.000000e+00 : f64}>}
func.func private @linear() attributes {test = #qeff.rope_scaling<linear, {factor = 4.0 : f64}>}
// CHECK: func.func private @dynamic() attributes {test = #qeff.rope_scaling<dynamic, {factor = 2.000000e+00 : f64}>}
func.func private @dynamic() attributes {test = #qeff.rope_scaling<dynamic, {factor = 2.0 : f64}>}
// CHECK: func.func private @llama3() attributes {test = #qeff.rope_scaling<llama3, {factor = 8.000000e+00 : f64, high_freq_factor = 4.000000e+00 : f64, low_freq_factor = 1.000000e+00 : f64, original_max_position_embeddings = 8192 : i64}>}
func.func private @llama3() attributes {test = #qeff.rope_scaling<llama3, {factor = 8.0 : f64, high_freq_factor = 4.0 : f64, low_freq_factor = 1.0 : f64, original_max_position_embeddings = 8192 : i64}>}
// CHECK: func.func private @yarn() attributes {test = #qeff.rope_scaling<yarn, {original_max_position_embeddings = 4096 : i64, truncate = 0 : i64}>}
func.func private @yarn() attributes {test = #qeff.rope_scaling<yarn, {original_max_position_embeddings = 4096 : i64, truncate = 0 : i64}>}
// CHECK: func.func private @longrope() attributes {test = #qeff.rope_scaling<longrope, {long_factor = array<f64: 4.000000e+00>, original_max_position_embeddings = 4 : i64, short_factor = array<f64: 1.000000e+00>}>}
func.func private @longrope() attributes {test = #qeff.rope_scaling<longrope, {long_factor = array<f64: 4.0>, original_max_position_embeddings = 4 : i64, short_factor = array<f64: 1.0>}>}
// CHECK: func.func private @explicit() attributes {test = #qeff.rope_scaling<explicit, {attention_factor = 1.250000e+00 : f64, inv_freq = array<f64: 1.000000e+00, 1.000000e-01>}>}
func.func private @explicit() attributes {test = #qeff.rope_scaling<explicit, {attention_factor = 1.25 : f64, inv_freq = array<f64: 1.0, 0.1>}>}
