// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters beside what they are for: a model, or a package that takes them
// while running.
#ifndef QEFF_PIPELINES_ADAPTERBASE_H
#define QEFF_PIPELINES_ADAPTERBASE_H

#include "qeff/Import/Adapter.h"

#include <optional>

namespace qeff {

/// What an adapter may be for.
struct AdapterBase {
  AdapterModules modules;
  /// How the base takes it: a package only low-rank pairs of its targets.
  AdapterOptions options;
};

/// Whether `path` is a package, or its part for the host.
bool isPackageDirectory(StringRef path);

/// Reads the targets of the package in the folder `path` (or whose part for the
/// host that is). A package that takes no adapters is an error.
FailureOr<AdapterBase> readPackageBase(MLIRContext *context, StringRef path);

/// The same of a package, or the modules of a Hugging Face directory, a `.gguf`
/// or `.onnx` file or a module. The dialects that are needed are loaded into `context`.
FailureOr<AdapterBase> readAdapterBase(MLIRContext *context, StringRef path);

/// Writes the adapter in the PEFT folder `directory` as the file `output` that
/// `package` loads. Errors are emitted; the file appears whole or not at all.
LogicalResult convertAdapter(MLIRContext *context, StringRef directory,
                             StringRef package, StringRef output,
                             StringRef name, bool allowNonfinite);

} // namespace qeff

#endif // QEFF_PIPELINES_ADAPTERBASE_H
