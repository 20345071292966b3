// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An adapter's tensors against its configuration and a base. Private to the
// adapter reader.
#ifndef QEFF_LIB_IMPORT_ADAPTERRESOLVER_H
#define QEFF_LIB_IMPORT_ADAPTERRESOLVER_H

#include "PEFTConfig.h"

#include "qeff/Import/Adapter.h"

namespace qeff {

inline constexpr StringRef kAdapterConfigName = "adapter_config.json";
inline constexpr StringRef kAdapterWeightsName = "adapter_model.safetensors";
/// Before a module's path in the names of tensors.
inline constexpr StringRef kAdapterPrefix = "base_model.model.";

/// A folder's files before they are compared with a base.
struct AdapterFiles {
  PEFTConfig config;
  CheckpointFile file;
  llvm::StringMap<StoredTensor> tensors;
};

/// Where errors about the two files point.
struct AdapterLocations {
  Location config;
  Location weights;
};

/// Reads the configuration and the header of the tensors.
FailureOr<AdapterFiles> readAdapterFiles(MLIRContext *context,
                                         StringRef directory);

/// `directory` of the result is empty. Errors are emitted.
FailureOr<Adapter> resolveAdapter(const AdapterFiles &files,
                                  const AdapterModules &modules,
                                  const AdapterOptions &options,
                                  AdapterLocations locations);

/// "[4, 16]".
std::string showAdapterShape(ArrayRef<int64_t> shape);

} // namespace qeff

#endif // QEFF_LIB_IMPORT_ADAPTERRESOLVER_H
