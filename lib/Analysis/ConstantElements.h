// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef QEFF_LIB_ANALYSIS_CONSTANTELEMENTS_H
#define QEFF_LIB_ANALYSIS_CONSTANTELEMENTS_H

#include "qeff/Analysis/Elements.h"

namespace qeff {

/// Element `index` of a constant, also where the index is not known but the
/// elements follow a formula: first + step·i along one axis, or a triangle over
/// two. Null else.
Expr getConstantElement(Elements &elements, Operation *op, unsigned result,
                        ArrayRef<Expr> index);

} // namespace qeff

#endif // QEFF_LIB_ANALYSIS_CONSTANTELEMENTS_H
