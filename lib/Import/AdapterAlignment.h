// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Paths of a graph's modules as an adapter has them. Private to the adapter
// reader.
#ifndef QEFF_LIB_IMPORT_ADAPTERALIGNMENT_H
#define QEFF_LIB_IMPORT_ADAPTERALIGNMENT_H

#include "AdapterResolver.h"

namespace qeff {

/// Modules whose paths begin otherwise than those of the base.
struct AlignedModules {
  AdapterModules modules;
  std::string dropped; ///< first components of the base's paths, with dots
  std::string added;   ///< that the aligned ones have in their place

  /// The base's own path of the aligned module `path`.
  std::string toBase(StringRef path) const;
};

/// `modules` as the adapter names them: where a tensor is of no module, and one
/// change of first components, dropped or added, gives every tensor one, so
/// changed; else as they are.
AlignedModules alignModules(const AdapterFiles &files,
                            const AdapterModules &modules);

} // namespace qeff

#endif // QEFF_LIB_IMPORT_ADAPTERALIGNMENT_H
