// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module in a report: the tree of its scopes, its weights, its ops.
#ifndef QEFF_LIB_PIPELINES_REPORTMODEL_H
#define QEFF_LIB_PIPELINES_REPORTMODEL_H

#include "Report.h"

namespace qeff {

/// Ops by name; nodes of ONNX are called as their operators.
std::map<std::string, int64_t> countOps(ModuleOp module);

/// The function that is the model by the scopes of its ops. Modules with a
/// number that are alike, ops and all, are one node. No function gives a node
/// without children.
ReportNode describeModel(ModuleOp module);

/// The stored weights, by the modules that use them, largest first.
std::vector<ReportWeight> describeWeights(ModuleOp module);

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_REPORTMODEL_H
