// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What qeff-run prints.

#ifndef QEFF_TOOLS_QEFFRUN_REPORT_H
#define QEFF_TOOLS_QEFFRUN_REPORT_H

#include "qeff-c/Runtime.h"

#include <string>

/// The object that --json prints on standard output.
void printJson(const QeffGeneration *generation, const QeffSession *session);

/// Rates and the reasons why rows ended, on standard error.
void printSummary(const QeffGeneration *generation);

/// The launches of the session as a JSON array; returns the error or "".
std::string writeTrace(const QeffSession *session, const std::string &path);

#endif // QEFF_TOOLS_QEFFRUN_REPORT_H
