// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Remarks of raising.

#include "Remarks.h"

#include "mlir/IR/Remarks.h"

using namespace qeff;

static StringRef getName(RemarkId id) {
  switch (id) {
  case RemarkId::AttentionNotRaised:
    return "attention-not-raised";
  case RemarkId::PackedSequence:
    return "packed-sequence";
  }
  return "";
}

/// "scope, node 'name': text", as far as the op has them.
static std::string describe(Operation *op, const Twine &text) {
  std::string place;
  if (auto scope = op->getAttrOfType<StringAttr>("scope")) {
    place = scope.str();
  }
  if (auto name = op->getAttrOfType<StringAttr>("name")) {
    place += (place.empty() ? "node '" : ", node '") + name.str() + "'";
  }
  return place.empty() ? text.str() : place + ": " + text.str();
}

static mlir::remark::RemarkOpts getOptions(RemarkId id) {
  return mlir::remark::RemarkOpts::name(getName(id)).category("qeff-raise");
}

void qeff::emitMissed(Operation *op, RemarkId id, const Twine &why) {
  mlir::remark::missed(op->getLoc(), getOptions(id)) << describe(op, why);
}

void qeff::emitNote(Operation *op, RemarkId id, const Twine &what) {
  mlir::remark::analysis(op->getLoc(), getOptions(id)) << describe(op, what);
}
