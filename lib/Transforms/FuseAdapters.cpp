// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-fuse-adapters: adapters become part of the weights, or inputs.

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"

namespace qeff {
#define GEN_PASS_DEF_FUSEADAPTERSPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;

namespace {
struct FuseAdaptersPass
    : public qeff::impl::FuseAdaptersPassBase<FuseAdaptersPass> {
  using FuseAdaptersPassBase::FuseAdaptersPassBase;

  void runOnOperation() override {
    if (mode != "merge" && mode != "swap") {
      getOperation().emitError("expects mode merge or swap, got '")
          << mode << "'";
      return signalPassFailure();
    }
  }
};
} // namespace
