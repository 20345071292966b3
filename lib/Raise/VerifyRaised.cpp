// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-verify-raised: nothing may be left of ONNX.

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Raise/Passes.h"

#include "llvm/ADT/MapVector.h"

namespace qeff {
#define GEN_PASS_DEF_VERIFYRAISEDPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;

namespace {
struct VerifyRaised : qeff::impl::VerifyRaisedPassBase<VerifyRaised> {
  void runOnOperation() override {
    llvm::MapVector<StringRef, int64_t> counts;
    Operation *first = nullptr;
    getOperation().walk([&](Operation *op) {
      StringRef name;
      std::string qualified;
      if (auto typed = dyn_cast<onnxir::OperatorOpInterface>(op)) {
        name = op->getName().stripDialect();
      } else if (auto node = dyn_cast<onnxir::NodeOp>(op)) {
        name = node.getOpType();
      } else {
        return;
      }
      first = first ? first : op;
      ++counts[name];
    });
    if (!first) {
      return;
    }
    InFlightDiagnostic error = first->emitError()
                               << "expects transformer-level ops, got ";
    llvm::interleaveComma(counts, error, [&](const auto &entry) {
      error << entry.second << " " << entry.first;
    });
    if (auto name = first->getAttrOfType<StringAttr>("name")) {
      error << "; the first is node '" << name.getValue() << "'";
    }
    if (auto scope = first->getAttrOfType<StringAttr>("scope")) {
      error << " of " << scope.getValue();
    }
    signalPassFailure();
  }
};
} // namespace
