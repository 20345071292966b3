// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef QEFF_LIB_ANALYSIS_ELEMENTREDUCTIONS_H
#define QEFF_LIB_ANALYSIS_ELEMENTREDUCTIONS_H

#include "qeff/Analysis/Elements.h"

namespace qeff {

/// Element `index` of a maximum along an axis with which the elements grow: the
/// last one. Null else.
Expr getReduceMaxElement(Elements &elements, Operation *op, unsigned result,
                         ArrayRef<Expr> index);

/// The same for the place of the maximum.
Expr getArgMaxElement(Elements &elements, Operation *op, unsigned result,
                      ArrayRef<Expr> index);

} // namespace qeff

#endif // QEFF_LIB_ANALYSIS_ELEMENTREDUCTIONS_H
