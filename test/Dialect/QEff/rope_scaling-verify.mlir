// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{expects a positive number 'factor' for rope scaling linear, got {}}}
func.func private @linear() attributes {test = #qeff.rope_scaling<linear, {}>}

// -----

// expected-error@+1 {{expects a positive number 'factor' for rope scaling dynamic}}
func.func private @dynamic() attributes {test = #qeff.rope_scaling<dynamic, {factor = "2"}>}

// -----

// expected-error@+1 {{expects a positive number 'high_freq_factor' for rope scaling llama3}}
func.func private @llama3() attributes {test = #qeff.rope_scaling<llama3, {factor = 8.0 : f64, low_freq_factor = 1.0 : f64}>}

// -----

// expected-error@+1 {{expects a positive number 'original_max_position_embeddings' for rope scaling yarn}}
func.func private @yarn() attributes {test = #qeff.rope_scaling<yarn, {factor = 8.0 : f64}>}

// -----

// expected-error@+1 {{expects an array<f64> 'long_factor' for rope scaling longrope}}
func.func private @longrope() attributes {test = #qeff.rope_scaling<longrope, {original_max_position_embeddings = 4 : i64, short_factor = array<f64: 1.0>}>}

// -----

// expected-error@+1 {{expects an array<f64> 'inv_freq' for rope scaling explicit, got {}}}
func.func private @explicit() attributes {test = #qeff.rope_scaling<explicit, {}>}
