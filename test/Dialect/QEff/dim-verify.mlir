// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): a negative min.
// expected-error@+1 {{expects min >= 0, got -1}}
qeff.dim @seq_len {min = -1 : i64}

// -----

// (C1): the order.
// expected-error@+1 {{expects min <= max, got 4 and 3}}
qeff.dim @seq_len {max = 3 : i64, min = 4 : i64}

// -----

// (C1): a negative max.
// expected-error@+1 {{expects min <= max, got 1 and -1}}
qeff.dim @seq_len {max = -1 : i64}

// -----

// The parent.
func.func @parent() {
  // expected-error@+1 {{expects parent op 'builtin.module'}}
  qeff.dim @seq_len
  return
}
