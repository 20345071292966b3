// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qpc.json.
#ifndef QEFF_LIB_TARGET_HOST_PACKAGE_MANIFEST_H
#define QEFF_LIB_TARGET_HOST_PACKAGE_MANIFEST_H

#include "qeff/Support/LLVM.h"
#include "qeff/Target/Host/Kernels.h"

#include <string>

namespace qeff::host {

struct FileFacts {
  int64_t size = 0;
  std::string sha256;
};

/// What the manifest says beyond the module's ops.
struct PackageFacts {
  KernelTarget target;
  std::string producer;
  std::string architecture;
  int64_t vocabSize = 0;
  int64_t maxPosition = 0;
  SmallVector<int64_t> eosTokenIds;
  FileFacts program;
  FileFacts weights;
};

/// Collects the facts that the module's attributes and outputs give; fails where
/// one is missing.
FailureOr<PackageFacts> collectFacts(ModuleOp module);

void writeManifest(ModuleOp module, const PackageFacts &facts,
                   raw_ostream &stream);

} // namespace qeff::host

#endif // QEFF_LIB_TARGET_HOST_PACKAGE_MANIFEST_H
