// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-annotate-phase: records that a phase is complete.

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Transforms/Passes.h"

namespace qeff {
#define GEN_PASS_DEF_ANNOTATEPHASEPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;

namespace {
struct AnnotatePhasePass
    : public qeff::impl::AnnotatePhasePassBase<AnnotatePhasePass> {
  using AnnotatePhasePassBase::AnnotatePhasePassBase;

  void runOnOperation() override {
    std::optional<Phase> value = symbolizePhase(phase.getValue());
    if (!value) {
      getOperation().emitError("expects the name of a phase, got '")
          << phase.getValue() << "'";
      return signalPassFailure();
    }
    setPhase(getOperation(), *value);
  }
};
} // namespace
