// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a function on arrays of a file.

#ifndef QEFF_TOOLS_QEFFRUN_ARRAYS_H
#define QEFF_TOOLS_QEFFRUN_ARRAYS_H

#include "Options.h"
#include "qeff-c/Runtime.h"

/// Runs the function that `options` name (or the only one) on the arrays of
/// --inputs, and writes its outputs to --outputs; returns the error, or "".
std::string runArrays(const Options &options, const QeffModel *model,
                      QeffSession *session);

#endif // QEFF_TOOLS_QEFFRUN_ARRAYS_H
