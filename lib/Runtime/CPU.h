// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether this machine's CPU runs the code of a package.

#ifndef QEFF_LIB_RUNTIME_CPU_H
#define QEFF_LIB_RUNTIME_CPU_H

#include <string>
#include <vector>

namespace qeff::runtime {

struct Manifest;

/// The names among `features` (LLVM's spelling) that this CPU, or the
/// operating system's saving of its registers, lacks; unknown names count.
std::vector<std::string>
getMissingFeatures(const std::vector<std::string> &features);

/// Fails when the package is for another architecture or operating system or
/// needs features that are missing.
void checkCPU(const Manifest &manifest);

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_CPU_H
