// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Some channels of a hidden state, taken where they are computed.
#ifndef QEFF_LIB_RAISE_COLUMNSELECTION_H
#define QEFF_LIB_RAISE_COLUMNSELECTION_H

#include "qeff/Support/LLVM.h"

namespace qeff {

/// x[:, :, columns] of x [B, S, C]: x itself where these are all of them in
/// order, else the projection that computes it with a part of its weight. Null,
/// and `why`, where that is not possible.
Value selectColumns(OpBuilder &builder, Value x, ArrayRef<int64_t> columns,
                    std::string &why);

} // namespace qeff

#endif // QEFF_LIB_RAISE_COLUMNSELECTION_H
