// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// (C1): an absolute path.
// expected-error@+1 {{expects a relative path, got '/etc/passwd'}}
qeff.file @f "/etc/passwd" {root = "model", size = 1 : i64}

// -----

// (C1): no path.
// expected-error@+1 {{expects a relative path, got ''}}
qeff.file @f "" {root = "model", size = 1 : i64}

// -----

// (C1): out of the root.
// expected-error@+1 {{expects a path inside its root, got 'a/../../b'}}
qeff.file @f "a/../../b" {root = "model", size = 1 : i64}

// -----

// (C2)
// expected-error@+1 {{expects a root's name, got an empty one}}
qeff.file @f "b" {root = "", size = 1 : i64}

// -----

// (C3)
// expected-error@+1 {{expects 0 <= header_size <= size, got 2 and 1}}
qeff.file @f "b" {header_size = 2 : i64, root = "model", size = 1 : i64}

// -----

// (C3)
// expected-error@+1 {{expects 0 <= header_size <= size, got 0 and -1}}
qeff.file @f "b" {root = "model", size = -1 : i64}
