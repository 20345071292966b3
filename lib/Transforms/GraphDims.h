// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values for the named dims of a graph's inputs.
#ifndef QEFF_LIB_TRANSFORMS_GRAPHDIMS_H
#define QEFF_LIB_TRANSFORMS_GRAPHDIMS_H

#include "qeff/Support/LLVM.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff {

/// A value for each dim that an argument of `function` refers to: of `given`
/// ("NAME=VALUE"), of `defaults`, or computed where the name is a sum or product
/// of such names and numbers. Emits an error that names the dims without one,
/// and names in `given` that no argument has.
FailureOr<DictionaryAttr>
getGraphDims(mlir::func::FuncOp function, ArrayRef<StringRef> given,
             ArrayRef<std::pair<StringRef, int64_t>> defaults);

} // namespace qeff

#endif // QEFF_LIB_TRANSFORMS_GRAPHDIMS_H
