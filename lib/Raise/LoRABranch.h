// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Low-rank paths beside linear layers, as models that were exported with an
// adapter have them.
#ifndef QEFF_LIB_RAISE_LORABRANCH_H
#define QEFF_LIB_RAISE_LORABRANCH_H

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

namespace qeff {

/// s·B·(A·x), where A and B are linear layers without a bias.
struct LoRABranch {
  LinearOp base; ///< W·x, or W·x + bias
  LinearOp a;
  LinearOp b;
  double scaling = 1;
};

/// The branch that `add` joins with its layer, or nothing; `why` is set where a
/// low-rank path is added to a layer but is none of that layer.
std::optional<LoRABranch> matchLoRABranch(onnxir::AddOp add, std::string &why);

/// The layer with W + s·B·A as its weight.
Value mergeLoRABranch(OpBuilder &builder, const LoRABranch &branch);

} // namespace qeff

#endif // QEFF_LIB_RAISE_LORABRANCH_H
