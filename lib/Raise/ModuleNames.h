// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which module of its framework an operator was, as far as its graph says.
// Adapters address modules by name: for them alone names are read, and nothing
// is recognized by one.
#ifndef QEFF_LIB_RAISE_MODULENAMES_H
#define QEFF_LIB_RAISE_MODULENAMES_H

#include "qeff/Dialect/QEff/IR/QEffOps.h"

namespace qeff {

/// The module that the product `op` with `weight` is: by the scope of its node,
/// else by the name of the weight, "PATH.weight"; null where neither says it.
/// The module's framework stores the weight [in, out] where the file does so
/// under the module's own name. `isInOut`: `op` takes `weight` as [in, out].
ModuleAttr getLinearModule(Operation *op, Value weight, bool isInOut);

/// The same of a table of embeddings.
ModuleAttr getEmbeddingModule(Operation *op, Value table);

/// The same of a normalization; null unless the name of `weight` says that it
/// is the module's own: 1 + weight, computed by the exporter, is not.
ModuleAttr getNormModule(Operation *op, Value weight);

} // namespace qeff

#endif // QEFF_LIB_RAISE_MODULENAMES_H
