// RUN: qeff-opt %s --qeff-annotate-phase | FileCheck %s --check-prefix=DEFAULT
// RUN: qeff-opt %s --qeff-annotate-phase=phase=tuned | FileCheck %s
// RUN: not qeff-opt %s --qeff-annotate-phase=phase=nowhere 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not qeff-opt %s --qeff-annotate-phase=phase= 2>&1 | FileCheck %s --check-prefix=EMPTY

// DEFAULT: module attributes {qeff.phase = #qeff.phase<canonical>}
// CHECK: module attributes {qeff.phase = #qeff.phase<tuned>}
// UNKNOWN: error: expects the name of a phase, got 'nowhere'
// EMPTY: error: expects the name of a phase, got ''
module attributes {qeff.phase = #qeff.phase<stateful>} {
}
