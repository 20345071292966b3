// RUN: qeff-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{expects a module's path, got an empty one}}
func.func private @f() attributes {a = #qeff.module<"">}

// -----

// expected-error @+1 {{expects row >= 0, got -1}}
func.func private @f() attributes {a = #qeff.module<"a", row -1>}

// -----

// expected-error @+1 {{expects 0 < run <= every, or neither, got run 4 and every 2}}
func.func private @f() attributes {a = #qeff.module<"a", run 4, every 2>}

// -----

// expected-error @+1 {{expects 0 < run <= every, or neither, got run 0 and every 2}}
func.func private @f() attributes {a = #qeff.module<"a", every 2>}

// -----

// expected-error @+1 {{expected 'transposed'}}
func.func private @f() attributes {a = #qeff.module<"a", every 2, row 1>}
