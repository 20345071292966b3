// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Remarks of raising, for MLIR's remark engine.

#include "Remarks.h"

#include "mlir/IR/Remarks.h"

using namespace qeff;
namespace remark = mlir::remark;

/// Says where `op` is, as far as it tells.
static void addPlace(remark::detail::InFlightRemark &result, Operation *op) {
  for (auto [attribute, key] :
       {std::pair("scope", "scope"), std::pair("name", "node")}) {
    if (auto text = op->getAttrOfType<StringAttr>(attribute)) {
      result << remark::metric(key, text.str());
    }
  }
}

static remark::RemarkOpts getOptions(StringRef id) {
  return remark::RemarkOpts::name(id).category("qeff-raise");
}

void qeff::emitAttentionRaised(Operation *op) {
  remark::detail::InFlightRemark result =
      remark::passed(op->getLoc(), getOptions("attention-raised"));
  addPlace(result, op);
}

void qeff::emitAttentionMissed(Operation *op, const Twine &why) {
  remark::detail::InFlightRemark result =
      remark::missed(op->getLoc(), getOptions("attention-not-raised"));
  addPlace(result, op);
  result << remark::reason("{0}", why.str());
}

void qeff::emitConstantsNotRead(Operation *function, StringRef error) {
  if (!error.empty()) {
    remark::missed(function->getLoc(), getOptions("constants-not-read"))
        << remark::reason("{0}", error);
  }
}
